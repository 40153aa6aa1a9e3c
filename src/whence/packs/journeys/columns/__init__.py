"""What all customers did, in columns, of which every question is asked. Read `step`, what is meant, as people write it;
and `touchpoints`, the rows of events in SQL, each with the number of its customer."""
