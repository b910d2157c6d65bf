-- The latest event of each order line, amounts of zero and less left out.
MODEL (
  name           silver.orders,
  kind           INCREMENTAL_BY_UNIQUE_KEY (unique_key (order_id, line), updated_at event_time),
  partitioned_by (day(event_time))
);

EXPECT positive_amount (amount > 0) ON VIOLATION QUARANTINE;

SELECT order_id, line, event_time, customer_id, country, stock_code, description,
       quantity, unit_price, CAST(quantity * unit_price AS DECIMAL(18, 4)) AS amount, status
FROM   bronze.orders;
