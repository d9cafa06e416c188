"""What Claims, Coverages, prices and answers say, read into the terms of the domain."""
