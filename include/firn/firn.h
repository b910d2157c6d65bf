/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file firn/firn.h
 * @brief The whole public API, with the interfaces for drivers.
 */
#ifndef FIRN_FIRN_H
#define FIRN_FIRN_H

#include "firn/append.h"
#include "firn/base.h"
#include "firn/batch.h"
#include "firn/changes.h"
#include "firn/env.h"
#include "firn/ext/arena.h"
#include "firn/ext/catalog.h"
#include "firn/ext/store.h"
#include "firn/home.h"
#include "firn/import.h"
#include "firn/maintain.h"
#include "firn/metadata.h"
#include "firn/pipeline.h"
#include "firn/prepared.h"
#include "firn/session.h"
#include "firn/table.h"
#include "firn/types.h"

#endif
