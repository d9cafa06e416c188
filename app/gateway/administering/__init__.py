"""What the payer's own people change: payers, clients, reference data, members, queues."""
