-- Total sales per minute.
MODEL (name gold.sales_per_minute, kind VIEW);

SELECT date_trunc('minute', event_time) AS window_start,
       count(*)                      AS line_count,
       count(DISTINCT order_id)      AS order_count,
       count(DISTINCT customer_id)   AS customer_count,
       CAST(sum(quantity) AS BIGINT) AS units,
       sum(amount)                   AS revenue
FROM   silver.orders
GROUP  BY 1;
