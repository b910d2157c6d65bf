-- Order lines with a positive amount, exact duplicates once.
MODEL (
  name           silver.orders,
  kind           INCREMENTAL_BY_UNIQUE_KEY (
    unique_key (order_id, stock_code, description, quantity, unit_price, customer_id, country, event_time),
    when_matched IGNORE
  ),
  partitioned_by (day(event_time))
);

EXPECT positive_amount (amount > 0) ON VIOLATION QUARANTINE;

SELECT order_id, stock_code, description, quantity, unit_price,
       CAST(quantity * unit_price AS DECIMAL(18, 4)) AS amount,
       customer_id, country, event_time
FROM   bronze.orders;
