/* SPDX-License-Identifier: Apache-2.0 */
/* What reading and writing Puffin files share. */
#ifndef FIRN_FORMAT_PUFFIN_INTERNAL_H
#define FIRN_FORMAT_PUFFIN_INTERNAL_H

#define FIRN_PUFFIN_MAGIC      "PFA1"
#define FIRN_PUFFIN_MAGIC_SIZE 4
#define FIRN_PUFFIN_MIN_SIZE   20 /* three magics, payload size, flags */

#endif
