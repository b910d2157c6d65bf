/* SPDX-License-Identifier: Apache-2.0 */
/* Names of dialects and of types in them. */
#include "sql/dialect/dialect.h"

#include "base/limits.h"
#include "base/str.h"

static const char *const k_dialects[] = {[FIRN_DIALECT_DUCKDB] = "duckdb",
                                         [FIRN_DIALECT_SPARK] = "spark",
                                         [FIRN_DIALECT_TRINO] = "trino"};

bool firn_dialect_of(firn_str name, firn_dialect *out)
{
    for (size_t i = 0; i < sizeof k_dialects / sizeof *k_dialects; i++) {
        if (!firn_str_equals_nocase(name, firn_str_of(k_dialects[i]))) continue;
        *out = (firn_dialect)i;
        return true;
    }
    return false;
}

const char *firn_dialect_name(firn_dialect dialect)
{
    return k_dialects[dialect];
}

firn_str firn_dialect_fold(firn_dialect dialect, firn_str name, firn_arena *arena)
{
    bool has_capital = false;
    for (size_t i = 0; i < name.len; i++) has_capital |= name.data[i] >= 'A' && name.data[i] <= 'Z';
    if (dialect != FIRN_DIALECT_TRINO || !has_capital) return name;
    char *folded = firn_arena_alloc(arena, name.len + 1);
    if (!folded) return (firn_str){0};
    for (size_t i = 0; i < name.len; i++) {
        const char c = name.data[i];
        folded[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    folded[name.len] = '\0';
    return (firn_str){folded, name.len};
}

/* NULL: with parameters or nested. */
static const char *spark_name(firn_type_kind kind)
{
    switch (kind) {
    case FIRN_TYPE_UNKNOWN: return "void";
    case FIRN_TYPE_BOOLEAN: return "boolean";
    case FIRN_TYPE_INT: return "int";
    case FIRN_TYPE_LONG: return "bigint";
    case FIRN_TYPE_FLOAT: return "float";
    case FIRN_TYPE_DOUBLE: return "double";
    case FIRN_TYPE_DATE: return "date";
    case FIRN_TYPE_TIME: return "time";
    case FIRN_TYPE_TIMESTAMP: return "timestamp_ntz";
    case FIRN_TYPE_TIMESTAMPTZ: return "timestamp";
    case FIRN_TYPE_TIMESTAMP_NS: return "timestamp_ntz(9)";
    case FIRN_TYPE_TIMESTAMPTZ_NS: return "timestamp(9)";
    case FIRN_TYPE_UUID:
    case FIRN_TYPE_STRING: return "string";
    case FIRN_TYPE_FIXED:
    case FIRN_TYPE_BINARY: return "binary";
    case FIRN_TYPE_VARIANT: return "variant";
    case FIRN_TYPE_GEOMETRY: return "geometry";
    case FIRN_TYPE_GEOGRAPHY: return "geography";
    case FIRN_TYPE_DECIMAL:
    case FIRN_TYPE_STRUCT:
    case FIRN_TYPE_LIST:
    case FIRN_TYPE_MAP: return NULL;
    }
    return NULL;
}

/* As firn's own statements read them. */
static const char *firn_name(firn_type_kind kind)
{
    switch ((int)kind) {
    case FIRN_TYPE_UNKNOWN: return "unknown";
    case FIRN_TYPE_TIMESTAMP: return "timestamp";
    case FIRN_TYPE_TIMESTAMPTZ: return "timestamptz";
    case FIRN_TYPE_TIMESTAMP_NS: return "timestamp_ns";
    case FIRN_TYPE_TIMESTAMPTZ_NS: return "timestamptz_ns";
    case FIRN_TYPE_UUID: return "uuid";
    case FIRN_TYPE_FIXED: return NULL;
    default: return spark_name(kind);
    }
}

static const char *trino_name(firn_type_kind kind)
{
    switch ((int)kind) {
    case FIRN_TYPE_UNKNOWN: return "unknown";
    case FIRN_TYPE_INT: return "integer";
    case FIRN_TYPE_FLOAT: return "real";
    case FIRN_TYPE_TIME: return "time(6)";
    case FIRN_TYPE_TIMESTAMP: return "timestamp(6)";
    case FIRN_TYPE_TIMESTAMPTZ: return "timestamp(6) with time zone";
    case FIRN_TYPE_TIMESTAMP_NS: return "timestamp(9)";
    case FIRN_TYPE_TIMESTAMPTZ_NS: return "timestamp(9) with time zone";
    case FIRN_TYPE_STRING: return "varchar";
    case FIRN_TYPE_UUID: return "uuid";
    case FIRN_TYPE_FIXED:
    case FIRN_TYPE_BINARY: return "varbinary";
    default: return spark_name(kind);
    }
}

static const char *plain_name(firn_dialect dialect, firn_type_kind kind)
{
    switch (dialect) {
    case FIRN_DIALECT_DUCKDB: return firn_name(kind);
    case FIRN_DIALECT_SPARK: return spark_name(kind);
    case FIRN_DIALECT_TRINO: return trino_name(kind);
    }
    return NULL;
}

typedef struct type_writer {
    firn_dialect dialect;
    const char *comma; /* between precision and scale */
    bool is_sql;       /* as a statement of Spark: "STRUCT<a: INT, b: STRING>" */
    const char *row;   /* the word for a struct */
    firn_buf *out;
} type_writer;

static void put_word(const type_writer *w, const char *word)
{
    for (; *word; word++) {
        const bool is_small = *word >= 'a' && *word <= 'z';
        firn_buf_byte(w->out, (uint8_t)(w->is_sql && is_small ? *word - 'a' + 'A' : *word));
    }
}

static void put_type(const type_writer *w, const firn_type *type, int depth);

/* "name type" or, in angle brackets, "name:type"; a field without a name is its type. */
static void put_field(const type_writer *w, const firn_field *field, bool is_named, int depth)
{
    if (is_named && field->name.len > 0) {
        firn_buf_str(w->out, field->name);
        firn_buf_cstr(w->out, w->dialect == FIRN_DIALECT_TRINO ? " " : w->is_sql ? ": " : ":");
    }
    put_type(w, field->type, depth + 1);
}

static void put_nested(const type_writer *w, const firn_type *type, int depth)
{
    const bool is_trino = w->dialect == FIRN_DIALECT_TRINO;
    const bool is_struct = type->kind == FIRN_TYPE_STRUCT;
    if (type->kind == FIRN_TYPE_LIST)
        put_word(w, "array");
    else if (is_struct)
        put_word(w, w->row);
    else
        put_word(w, "map");
    firn_buf_byte(w->out, is_trino ? '(' : '<');
    for (size_t i = 0; i < type->n_fields; i++) {
        if (i > 0) firn_buf_cstr(w->out, is_trino || w->is_sql ? ", " : ",");
        put_field(w, &type->fields[i], is_struct, depth);
    }
    firn_buf_byte(w->out, is_trino ? ')' : '>');
}

static void put_type(const type_writer *w, const firn_type *type, int depth)
{
    const char *name = plain_name(w->dialect, type->kind);
    if (name) {
        put_word(w, name);
    } else if (type->kind == FIRN_TYPE_DECIMAL) {
        put_word(w, "decimal");
        firn_buf_printf(w->out, "(%d%s%d)", (int)type->precision, w->comma, (int)type->scale);
    } else if (type->kind == FIRN_TYPE_FIXED) {
        firn_buf_printf(w->out, "fixed(%d)", (int)type->length);
    } else if (depth > FIRN_LIMIT_NESTING) {
        firn_buf_cstr(w->out, "...");
    } else {
        put_nested(w, type, depth);
    }
}

static const char *row_of(firn_dialect dialect)
{
    return dialect == FIRN_DIALECT_TRINO ? "row" : "struct";
}

void firn_dialect_put_type(firn_dialect dialect, const firn_type *type, firn_buf *out)
{
    const type_writer w = {dialect, dialect == FIRN_DIALECT_TRINO ? ", " : ",", false,
                           row_of(dialect), out};
    put_type(&w, type, 0);
}

void firn_dialect_put_column_type(firn_dialect dialect, const firn_type *type, firn_buf *out)
{
    const type_writer w = {dialect, ",", false, row_of(dialect), out};
    put_type(&w, type, 0);
}

void firn_dialect_put_sql_type(firn_dialect dialect, const firn_type *type, firn_buf *out)
{
    const bool is_trino = dialect == FIRN_DIALECT_TRINO;
    const type_writer w = {dialect, is_trino ? ", " : ",", dialect == FIRN_DIALECT_SPARK,
                           is_trino ? "ROW" : "struct", out};
    put_type(&w, type, 0);
}

const char *firn_dialect_engine_type(firn_dialect dialect, firn_str engine_name)
{
    static const struct {
        const char *engine, *spark, *trino;
    } k_names[] = {
        {"TINYINT", "tinyint", "tinyint"},     {"SMALLINT", "smallint", "smallint"},
        {"INTERVAL", "interval", "interval"},  {"JSON", NULL, "json"},
        {"VARIANT", "variant", NULL},          {"\"NULL\"", "void", "unknown"},
        {"TIMESTAMP_S", NULL, "timestamp(0)"}, {"TIMESTAMP_MS", NULL, "timestamp(3)"},
    };
    for (size_t i = 0; i < sizeof k_names / sizeof *k_names; i++) {
        if (!firn_str_equals(engine_name, firn_str_of(k_names[i].engine))) continue;
        return dialect == FIRN_DIALECT_TRINO   ? k_names[i].trino
               : dialect == FIRN_DIALECT_SPARK ? k_names[i].spark
                                               : NULL;
    }
    return NULL;
}
