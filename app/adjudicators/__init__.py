"""Those who decide Claims: a person (`manual`) or the payer's plan (`standard`); their contract."""
