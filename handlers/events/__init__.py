"""Maps webhook events to the jobs that handle them."""
