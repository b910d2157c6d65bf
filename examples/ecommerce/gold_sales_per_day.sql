-- Total sales per day.
MODEL (name gold.sales_per_day, kind VIEW);

SELECT CAST(event_time AS DATE) AS day,
       count(*)                      AS line_count,
       count(DISTINCT order_id)      AS order_count,
       count(DISTINCT customer_id)   AS customer_count,
       CAST(sum(quantity) AS BIGINT) AS units,
       sum(amount)                   AS revenue
FROM   silver.orders
GROUP  BY 1;
