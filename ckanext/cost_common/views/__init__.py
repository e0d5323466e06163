"""What pages of every plugin share. This plugin has no pages of its own yet."""
