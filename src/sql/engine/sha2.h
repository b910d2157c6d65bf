/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-2 of FIPS 180-4 in its four lengths, for the SQL function. Not for secrets: it does not
 * clear what it leaves on the stack. */
#ifndef FIRN_SQL_SHA2_H
#define FIRN_SQL_SHA2_H

#include "firn/base.h"

#define FIRN_SHA2_MAX_BYTES 64

/* bits: 224, 256, 384 or 512; bits / 8 bytes go to out. False: another number. */
bool firn_sha2(firn_str data, int bits, uint8_t out[FIRN_SHA2_MAX_BYTES]);

#endif
