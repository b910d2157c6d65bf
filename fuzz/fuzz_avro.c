/* SPDX-License-Identifier: Apache-2.0 */
/* An Avro container: header, schema, blocks, and every record skipped. */
#include "format/avro/avro.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A small file can hold many records that take no bytes; the time is better spent elsewhere. */
#define RECORDS_MAX 10000

static void skip_records(firn_avro_reader *reader)
{
    firn_cursor *c = NULL;

    for (int n = 0; n < RECORDS_MAX; n++) {
        if (firn_avro_reader_next(reader, &c, NULL) != FIRN_OK) return;
        if (firn_avro_skip(c, firn_avro_reader_schema(reader), NULL) != FIRN_OK) return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    firn_avro_reader *reader = NULL;

    if (firn_avro_reader_open((firn_str){(const char *)data, size}, &reader, NULL) != FIRN_OK)
        return 0;
    skip_records(reader);
    firn_avro_reader_close(reader);
    return 0;
}
