import java.util.Properties;
import org.apache.solr.embedded.JettyConfig;
import org.apache.solr.embedded.JettySolrRunner;

/** Solr on one port of the loopback address: java -cp 'lib/*' SolrServer.java HOME PORT. */
public class SolrServer {
    public static void main(String[] args) throws Exception {
        JettyConfig config = JettyConfig.builder().setPort(Integer.parseInt(args[1])).build();
        JettySolrRunner solr = new JettySolrRunner(args[0], new Properties(), config);
        solr.start();
        Thread.currentThread().join();
    }
}
