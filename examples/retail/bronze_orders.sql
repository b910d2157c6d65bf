-- Every line of every landing file, as it came.
MODEL (
  name    bronze.orders,
  kind    LANDING (path @landing, format ndjson),
  columns (
    order_id    STRING,
    stock_code  STRING,
    description STRING,
    quantity    INT,
    unit_price  DECIMAL(18, 3),
    customer_id STRING,
    country     STRING,
    event_time  TIMESTAMPTZ
  )
);
