"""Who comes back: those who began together and what came of them, `cohorts`, where retention stands too; and how often
and how lately each customer bought, `customers`."""
