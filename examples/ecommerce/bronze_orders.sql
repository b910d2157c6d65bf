-- Every event of every landing file, as it came.
MODEL (
  name    bronze.orders,
  kind    LANDING (path @landing, format ndjson),
  columns (
    order_id    STRING NOT NULL,
    line        INT NOT NULL,
    event_time  TIMESTAMPTZ NOT NULL,
    customer_id STRING,
    country     STRING,
    stock_code  STRING,
    description STRING,
    quantity    INT,
    unit_price  DECIMAL(18, 3),
    status      STRING
  )
);
