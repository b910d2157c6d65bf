#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The main job: real orders of an online shop from landing files to gold views, then the same with
# generated orders. Leaves the tables in build/demo for looking around.
set -eu
cd "$(dirname "$0")/.."
firn=build/firn
home=build/demo/retail
say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; }
run() { say "$*"; "$@"; }

rm -rf build/demo
run $firn --home $home init
run $firn --home $home run examples/retail --set landing=examples/retail/landing
run $firn --home $home sql --format box -c "SELECT * FROM gold.sales_per_day ORDER BY day"
run $firn --home $home sql --format box -c "SELECT country, revenue FROM gold.sales_per_country ORDER BY revenue DESC LIMIT 5"
run $firn --home $home run examples/retail --set landing=examples/retail/landing

home=build/demo/ecommerce
run $firn --home $home init
run $firn --home $home generate orders --out build/demo/landing --seed 1 --events 200000
run $firn --home $home run examples/ecommerce --set landing=build/demo/landing
run $firn --home $home sql --format box -c "SELECT * FROM gold.sales_per_minute ORDER BY window_start DESC LIMIT 5"
run $firn --home $home sql --format box -c "SELECT reason, count(*) AS lines FROM bronze.orders_quarantine GROUP BY reason ORDER BY lines DESC LIMIT 5"
run $firn --home $home sql --format box -c "SELECT snapshot_id, committed_at, operation FROM silver.orders.snapshots ORDER BY committed_at"
printf '\nThe tables are in %s; try\n  %s --home %s sql\n' build/demo $firn build/demo/retail
