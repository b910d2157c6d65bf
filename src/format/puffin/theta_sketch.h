/* SPDX-License-Identifier: Apache-2.0 */
/* Theta sketches: how many distinct values a column has, within 3 % at 95 % confidence, from at
 * most 60 KB. Stored as compact sketches of Apache DataSketches (serial version 3; versions 1, 2
 * and the bit-packed 4 are not read), blob type "apache-datasketches-theta-v1" of the Puffin
 * specification: the hashed bytes of a value are its single-value serialization. */
#ifndef FIRN_FORMAT_THETA_SKETCH_H
#define FIRN_FORMAT_THETA_SKETCH_H

#include "base/alloc.h"
#include "base/buf.h"
#include "firn/base.h"

#define FIRN_BLOB_THETA_SKETCH  FIRN_STR("apache-datasketches-theta-v1")
#define FIRN_THETA_PROPERTY_NDV FIRN_STR("ndv")

typedef struct firn_theta_sketch firn_theta_sketch;

/* Empty, of 4,096 nominal entries. alloc NULL: the default allocator; it must outlive the
 * sketch. */
FIRN_MUST_CHECK firn_status firn_theta_sketch_create(const firn_allocator *alloc,
                                                     firn_theta_sketch **out, firn_error *err);
void firn_theta_sketch_destroy(firn_theta_sketch *sketch); /* NULL is fine */

/* Count a value by its bytes; empty bytes are not counted, as in DataSketches. */
FIRN_MUST_CHECK firn_status firn_theta_sketch_add(firn_theta_sketch *sketch, firn_str value,
                                                  firn_error *err);
/* sketch becomes what it would be had it seen other's values too. */
FIRN_MUST_CHECK firn_status firn_theta_sketch_union(firn_theta_sketch *sketch,
                                                    const firn_theta_sketch *other,
                                                    firn_error *err);
/* Estimate of the number of distinct values; exact below 4,096 and a little beyond. */
double firn_theta_sketch_estimate(const firn_theta_sketch *sketch);

/* Appends the compact, ordered form. */
FIRN_MUST_CHECK firn_status firn_theta_sketch_encode(const firn_theta_sketch *sketch, firn_buf *out,
                                                     firn_error *err);
/* A compact sketch of any number of entries the bytes hold, checked; it can be added to. */
FIRN_MUST_CHECK firn_status firn_theta_sketch_decode(firn_str bytes, const firn_allocator *alloc,
                                                     firn_theta_sketch **out, firn_error *err);

#endif
