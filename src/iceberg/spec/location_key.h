/* SPDX-License-Identifier: Apache-2.0 */
/* When two locations mean the same object: "/w/f", "file:/w/f" and "file:///w/f" do, "s3://b/f" and
 * "s3a://b/f" do where the schemes are said to be equal. */
#ifndef FIRN_ICEBERG_LOCATION_KEY_H
#define FIRN_ICEBERG_LOCATION_KEY_H

#include "firn/metadata.h"

typedef struct firn_location_key {
    firn_str scheme;    /* "file" where there is none */
    firn_str authority; /* host or bucket; may be empty */
    firn_str path;      /* from its first slash, no double ones in front */
} firn_location_key;

/* Names that count as equal; "a,b" -> "c" makes a and b another name of c. */
typedef struct firn_location_rules {
    firn_properties schemes, authorities;
} firn_location_rules;

/* Borrows from location and the rules. */
firn_location_key firn_location_key_of(firn_str location, const firn_location_rules *rules);
/* The piece of a location that tells its object from others: "/w/f" of "file:///w/f" and of "/w/f",
 * "//b/f" of "s3a://b/f". For keys of maps, not to open anything. */
firn_str firn_location_identity(firn_str location);
/* True when location is folder or below it. */
bool firn_location_is_inside(firn_str location, firn_str folder);

#endif
