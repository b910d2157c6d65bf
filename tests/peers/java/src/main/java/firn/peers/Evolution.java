/* SPDX-License-Identifier: Apache-2.0 */
package firn.peers;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.SchemaParser;
import org.apache.iceberg.SortOrder;
import org.apache.iceberg.Table;
import org.apache.iceberg.UpdateSchema;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.expressions.Literal;
import org.apache.iceberg.inmemory.InMemoryCatalog;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;

/**
 * Which schema changes Iceberg's Java library makes and which it refuses, one at a time on an empty
 * table. First the table's schema, then one line for each case: version, change, column, argument,
 * verdict, and what the schema has that it had not before.
 */
public final class Evolution {
  private static final Schema SCHEMA =
      new Schema(
          List.of(
              required(1, "c_int", Types.IntegerType.get()),
              optional(2, "c_long", Types.LongType.get()),
              optional(3, "c_float", Types.FloatType.get()),
              optional(4, "c_double", Types.DoubleType.get()),
              optional(5, "c_decimal", Types.DecimalType.of(9, 2)),
              optional(6, "c_date", Types.DateType.get()),
              optional(7, "c_time", Types.TimeType.get()),
              optional(8, "c_timestamp", Types.TimestampType.withoutZone()),
              optional(9, "c_timestamptz", Types.TimestampType.withZone()),
              optional(10, "c_string", Types.StringType.get()),
              optional(11, "c_uuid", Types.UUIDType.get()),
              optional(12, "c_fixed", Types.FixedType.ofLength(4)),
              optional(13, "c_binary", Types.BinaryType.get()),
              optional(14, "c_boolean", Types.BooleanType.get()),
              required(
                  15,
                  "s",
                  Types.StructType.of(
                      required(30, "i", Types.IntegerType.get()),
                      optional(
                          31,
                          "n",
                          Types.StructType.of(
                              optional(40, "f", Types.FloatType.get()),
                              required(41, "r", Types.IntegerType.get()))))),
              optional(16, "l", Types.ListType.ofRequired(32, Types.IntegerType.get())),
              optional(
                  17,
                  "ls",
                  Types.ListType.ofOptional(
                      33,
                      Types.StructType.of(
                          optional(42, "x", Types.IntegerType.get()),
                          required(43, "y", Types.DateType.get())))),
              optional(
                  18,
                  "m",
                  Types.MapType.ofRequired(
                      34, 35, Types.StringType.get(), Types.IntegerType.get())),
              optional(
                  19,
                  "ms",
                  Types.MapType.ofOptional(
                      36,
                      37,
                      Types.StructType.of(
                          required(44, "k", Types.IntegerType.get()),
                          required(45, "k2", Types.IntegerType.get())),
                      Types.StructType.of(
                          optional(46, "v", Types.FloatType.get()),
                          optional(47, "w", Types.DecimalType.of(4, 1))))),
              optional(20, "p", Types.IntegerType.get()),
              optional(21, "d", Types.DateType.get()),
              optional(22, "o", Types.IntegerType.get()),
              required(23, "r", Types.StringType.get())),
          Set.of(1));

  private static final String[] COLUMNS = {
    "c_int", "c_long", "c_float", "c_double", "c_decimal", "c_date", "c_time", "c_timestamp",
    "c_timestamptz", "c_string", "c_uuid", "c_fixed", "c_binary", "c_boolean", "s", "s.i", "s.n",
    "s.n.f", "s.n.r", "l", "l.element", "ls", "ls.element", "ls.element.x", "ls.element.y", "m",
    "m.key", "m.value", "ms", "ms.key", "ms.key.k", "ms.value", "ms.value.v", "ms.value.w", "p",
    "d", "o", "r", "none", "s.none"
  };
  private static final String[] TYPES = {
    "int", "long", "float", "double", "decimal(9,2)", "decimal(12,2)", "decimal(12,3)",
    "decimal(4,2)", "date", "time", "timestamp", "timestamptz", "string", "uuid", "fixed[4]",
    "fixed[8]", "binary", "boolean"
  };
  private static final String[] TYPES_V3 = {"timestamp_ns", "timestamptz_ns"};

  private final InMemoryCatalog catalog = new InMemoryCatalog();
  private final PrintStream out;
  private int n = 0;

  private Evolution(PrintStream out) {
    this.out = out;
    catalog.initialize("memory", Map.of());
    catalog.createNamespace(Namespace.of("db"));
  }

  private static Types.NestedField required(int id, String name, Type type) {
    return Types.NestedField.required(id, name, type);
  }

  private static Types.NestedField optional(int id, String name, Type type) {
    return Types.NestedField.optional(id, name, type);
  }

  public static void main(String[] args) {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    Evolution evolution = new Evolution(out);
    out.println(SchemaParser.toJson(SCHEMA));
    for (int version = 2; version <= 3; version++) {
      evolution.all(version);
    }
  }

  private void all(int version) {
    for (String column : COLUMNS) {
      for (String type : TYPES) {
        one(version, "promote", column, type);
      }
      for (String type : version >= 3 ? TYPES_V3 : new String[] {}) {
        one(version, "promote", column, type);
      }
      for (String change :
          new String[] {"drop", "optional", "require", "first", "identifier", "default"}) {
        one(version, change, column, "-");
      }
      for (String name : new String[] {"fresh", "c_int", "C_LONG", "x"}) {
        one(version, "rename", column, name);
      }
      for (String other : new String[] {"r", "s.i", "ls.element.x", "none"}) {
        one(version, "after", column, other);
        one(version, "before", column, other);
      }
      for (String name : new String[] {"fresh", "i", "x", "I"}) {
        one(version, "add", column, name);
      }
    }
    for (String name : new String[] {"fresh", "c_int", "C_INT", "s"}) {
      for (String change : new String[] {"add", "add_default", "add_required", "add_required_default"}) {
        one(version, change, "-", name);
      }
    }
  }

  private void one(int version, String change, String column, String argument) {
    TableIdentifier name = TableIdentifier.of("db", "t" + n++);
    PartitionSpec spec = PartitionSpec.builderFor(SCHEMA).identity("p").day("d").build();
    Table table =
        catalog
            .buildTable(name, SCHEMA)
            .withPartitionSpec(spec)
            .withSortOrder(SortOrder.builderFor(SCHEMA).asc("o").build())
            .withProperty("format-version", "" + version)
            .create();
    List<String> before = lines(table.schema());
    String verdict = "ok";
    String detail = "-";
    try {
      UpdateSchema update = table.updateSchema();
      apply(update, change, column, argument);
      update.commit();
      List<String> after = lines(table.schema());
      after.removeAll(before);
      detail = after.isEmpty() ? "-" : String.join("; ", after);
    } catch (RuntimeException e) {
      verdict = "refused";
    }
    catalog.dropTable(name);
    out.println(String.join("\t", "" + version, change, column, argument, verdict, detail));
  }

  private static void apply(UpdateSchema u, String change, String column, String argument) {
    String parent = column.equals("-") ? null : column;
    Type integer = Types.IntegerType.get();
    switch (change) {
      case "promote" -> u.updateColumn(column, Types.fromPrimitiveString(argument));
      case "drop" -> u.deleteColumn(column);
      case "optional" -> u.makeColumnOptional(column);
      case "require" -> u.requireColumn(column);
      case "first" -> u.moveFirst(column);
      case "after" -> u.moveAfter(column, sibling(column, argument));
      case "before" -> u.moveBefore(column, sibling(column, argument));
      case "identifier" -> u.setIdentifierFields(column);
      case "default" -> u.updateColumnDefault(column, Literal.of(5));
      case "rename" -> u.renameColumn(column, argument);
      case "add" -> u.addColumn(parent, argument, integer);
      case "add_default" -> u.addColumn(parent, argument, integer, null, Literal.of(5));
      case "add_required" -> u.addRequiredColumn(parent, argument, integer);
      case "add_required_default" ->
          u.addRequiredColumn(parent, argument, integer, null, Literal.of(5));
      default -> throw new IllegalStateException(change);
    }
  }

  /** Java names the other column in full; the argument is what it is called among its siblings. */
  private static String sibling(String column, String argument) {
    int dot = column.lastIndexOf('.');
    int last = argument.lastIndexOf('.');
    String own = dot < 0 ? "" : column.substring(0, dot + 1);
    String other = last < 0 ? "" : argument.substring(0, last + 1);
    return own.equals(other) ? argument : own + argument.substring(last + 1);
  }

  private static List<String> lines(Schema schema) {
    List<String> lines = new ArrayList<>();
    add(lines, schema.asStruct(), "");
    lines.add("identifier " + schema.identifierFieldIds());
    return lines;
  }

  private static void add(List<String> lines, Type.NestedType type, String prefix) {
    int place = 0;
    for (Types.NestedField field : type.fields()) {
      String kind = field.type().isPrimitiveType() ? field.type().toString() : "nested";
      lines.add(
          prefix
              + field.name()
              + " "
              + place++
              + " "
              + field.fieldId()
              + " "
              + kind.replace(" ", "")
              + (field.isRequired() ? " required" : " optional")
              + (field.initialDefault() != null ? " initial" : "")
              + (field.writeDefault() != null ? " write" : ""));
      if (field.type().isNestedType()) {
        add(lines, field.type().asNestedType(), prefix + field.name() + ".");
      }
    }
  }
}
