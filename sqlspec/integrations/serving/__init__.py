"""What the integrations share: what is lent to a request, how its work ends, and how errors are answered."""
