"""What codes are called: English sources and their translations; numbers and days as people write them."""
