"""What the Makefile calls: services, instances, the demo portal and the tests of one checkout."""
