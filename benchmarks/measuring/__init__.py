"""What benchmarks measure with: servers, a client that loads them, tables and plots."""
