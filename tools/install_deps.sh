#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# placeholder to be completed: installs distribution packages and DuckDB
set -eu
exit 0
