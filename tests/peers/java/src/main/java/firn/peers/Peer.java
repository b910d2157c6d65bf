/* SPDX-License-Identifier: Apache-2.0 */
package firn.peers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.GenericBlobMetadata;
import org.apache.iceberg.GenericStatisticsFile;
import org.apache.iceberg.MetadataColumns;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.PartitionSpecParser;
import org.apache.iceberg.Schema;
import org.apache.iceberg.SchemaParser;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.UpdateSchema;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.jdbc.JdbcCatalog;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.util.ContentFileUtil;
import org.apache.iceberg.view.SQLViewRepresentation;
import org.apache.iceberg.view.View;
import org.apache.iceberg.view.ViewBuilder;
import org.apache.iceberg.view.ViewRepresentation;

/**
 * Iceberg's JdbcCatalog on a SQLite file, as a command line program.
 *
 * <pre>
 * Peer CATALOG_DB WAREHOUSE NAME SCHEMA_VERSION COMMAND ARGUMENT...
 * Peer serve     the same words as a JSON array, one a line
 * </pre>
 *
 * The answer is one line of JSON, {"ok": ...} or {"error": "class: message"}. The catalog is opened
 * anew for each command. SCHEMA_VERSION "-" leaves jdbc.schema-version unset.
 */
public final class Peer {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final JdbcCatalog catalog;

  private Peer(JdbcCatalog catalog) {
    this.catalog = catalog;
  }

  public static void main(String[] args) throws Exception {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    if (!args[0].equals("serve")) {
      ObjectNode answer = answer(List.of(args));
      out.println(answer);
      System.exit(answer.has("ok") ? 0 : 1);
    }
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      List<String> words = new ArrayList<>();
      JSON.readTree(line).forEach(word -> words.add(word.asText()));
      out.println(answer(words));
    }
  }

  private static JdbcCatalog open(List<String> args) {
    Map<String, String> properties = new HashMap<>();
    // Writers of other processes hold the lock for the time of a commit: wait, as firn does.
    properties.put("uri", "jdbc:sqlite:" + args.get(0) + "?busy_timeout=30000");
    properties.put("warehouse", args.get(1));
    if (!args.get(3).equals("-")) properties.put("jdbc.schema-version", args.get(3));
    JdbcCatalog catalog = new JdbcCatalog();
    catalog.setConf(new Configuration());
    catalog.initialize(args.get(2), properties);
    return catalog;
  }

  private static ObjectNode answer(List<String> words) {
    ObjectNode out = JSON.createObjectNode();
    try (JdbcCatalog catalog = open(words)) {
      Object result = new Peer(catalog).run(words.get(4), words.subList(5, words.size()));
      out.set("ok", JSON.valueToTree(result));
    } catch (Exception e) {
      out.put("error", e.getClass().getSimpleName() + ": " + e.getMessage());
    }
    return out;
  }

  private Object run(String command, List<String> args) throws Exception {
    switch (command) {
      case "list":
        return list();
      case "create-namespace":
        catalog.createNamespace(namespace(args.get(0)), strings(args.get(1)));
        return "created";
      case "namespace":
        return catalog.loadNamespaceMetadata(namespace(args.get(0)));
      case "set-properties":
        return catalog.setProperties(namespace(args.get(0)), strings(args.get(1)));
      case "drop-namespace":
        return catalog.dropNamespace(namespace(args.get(0)));
      case "view":
      case "create-view":
      case "replace-view":
      case "drop-view":
      case "rename-view":
        return runOnView(command, args);
      default:
        return runOnTable(command, TableIdentifier.parse(args.get(0)), args);
    }
  }

  private Object runOnTable(String command, TableIdentifier name, List<String> args)
      throws Exception {
    switch (command) {
      case "create":
        Schema schema = SchemaParser.fromJson(args.get(1));
        PartitionSpec spec = PartitionSpecParser.fromJson(schema, args.get(2));
        return describe(catalog.createTable(name, schema, spec, strings(args.get(3))));
      case "drop":
        return catalog.dropTable(name, true);
      case "rename":
        catalog.renameTable(name, TableIdentifier.parse(args.get(1)));
        return "renamed";
      case "schema":
        return describe(catalog.loadTable(name));
      case "rows":
        return rows(catalog.loadTable(name), args.size() > 1 ? Long.valueOf(args.get(1)) : null);
      case "lineage":
        return lineage(catalog.loadTable(name));
      case "delete-files-of":
        return deleteFiles(catalog.loadTable(name));
      case "partitions":
        return partitions(catalog.loadTable(name));
      case "snapshots":
        return snapshots(catalog.loadTable(name));
      case "append": // each further argument is the rows of one commit
        for (String rows : args.subList(1, args.size()))
          Writes.append(catalog.loadTable(name), JSON.readTree(rows));
        return "appended";
      case "delete-equal":
        Writes.deleteEqual(catalog.loadTable(name), args.get(1), JSON.readTree(args.get(2)));
        return "deleted";
      case "delete-files":
        catalog
            .loadTable(name)
            .newDelete()
            .deleteFromRowFilter(Expressions.equal(args.get(1), args.get(2)))
            .commit();
        return "deleted";
      case "decorate":
        return decorate(catalog.loadTable(name));
      case "decorations":
        return decorations(catalog.loadTable(name));
      case "evolve":
        return evolve(catalog.loadTable(name), args.subList(1, args.size()));
      default:
        throw new IllegalArgumentException("unknown command " + command);
    }
  }

  private Object runOnView(String command, List<String> args) {
    TableIdentifier name = TableIdentifier.parse(args.get(0));
    switch (command) {
      case "view":
        return describe(catalog.loadView(name));
      case "drop-view":
        return catalog.dropView(name);
      case "rename-view":
        catalog.renameView(name, TableIdentifier.parse(args.get(1)));
        return "renamed";
      default: // name, schema, then dialect and SQL, as many as wanted
        ViewBuilder builder =
            catalog
                .buildView(name)
                .withSchema(SchemaParser.fromJson(args.get(1)))
                .withDefaultNamespace(name.namespace());
        for (int i = 2; i + 1 < args.size(); i += 2)
          builder = builder.withQuery(args.get(i), args.get(i + 1));
        return describe(command.equals("create-view") ? builder.create() : builder.replace());
    }
  }

  /** Every namespace with what is in it, from the root down. */
  private Map<String, Object> list() {
    Map<String, Object> out = new HashMap<>();
    List<Namespace> open = new ArrayList<>(catalog.listNamespaces());
    while (!open.isEmpty()) {
      Namespace namespace = open.remove(open.size() - 1);
      out.put(
          namespace.toString(),
          Map.of(
              "tables",
              catalog.listTables(namespace).stream().map(TableIdentifier::name).sorted().toList(),
              "views",
              catalog.listViews(namespace).stream().map(TableIdentifier::name).sorted().toList()));
      open.addAll(catalog.listNamespaces(namespace));
    }
    return out;
  }

  private static Map<String, Object> describe(Table table) {
    Map<String, Object> out = new HashMap<>();
    out.put("schema", table.schema().columns().stream().map(Peer::column).toList());
    out.put("spec", table.spec().fields().stream().map(Object::toString).toList());
    out.put("sort", table.sortOrder().fields().stream().map(Object::toString).toList());
    out.put("location", table.location());
    out.put("properties", table.properties());
    out.put("uuid", table.uuid().toString());
    return out;
  }

  private static List<Object> column(Types.NestedField field) {
    return List.of(field.fieldId(), field.name(), field.type().toString(), field.isRequired());
  }

  private static Map<String, Object> describe(View view) {
    Map<String, Object> sql = new HashMap<>();
    for (ViewRepresentation each : view.currentVersion().representations())
      if (each instanceof SQLViewRepresentation)
        sql.put(((SQLViewRepresentation) each).dialect(), ((SQLViewRepresentation) each).sql());
    return Map.of(
        "sql", sql,
        "schema", view.schema().columns().stream().map(Peer::column).toList(),
        "namespace", view.currentVersion().defaultNamespace().toString(),
        "versions", view.history().size());
  }

  private static List<JsonNode> rows(Table table, Long snapshot) throws Exception {
    IcebergGenerics.ScanBuilder scan = IcebergGenerics.read(table);
    Schema schema = table.schema();
    if (snapshot != null) {
      schema = table.schemas().get(table.snapshot(snapshot).schemaId());
      scan = scan.useSnapshot(snapshot);
    }
    List<JsonNode> out = new ArrayList<>();
    try (CloseableIterable<Record> records = scan.build()) {
      for (Record record : records) out.add(Rows.encodeStruct(schema.asStruct(), record));
    }
    return out;
  }

  /** The rows with what Iceberg knows of them; format version 3. */
  private static List<JsonNode> lineage(Table table) throws Exception {
    List<Types.NestedField> columns = new ArrayList<>(table.schema().columns());
    columns.add(MetadataColumns.ROW_ID);
    columns.add(MetadataColumns.LAST_UPDATED_SEQUENCE_NUMBER);
    Schema schema = new Schema(columns);
    List<JsonNode> out = new ArrayList<>();
    try (CloseableIterable<Record> records = IcebergGenerics.read(table).project(schema).build()) {
      for (Record record : records) out.add(Rows.encodeStruct(schema.asStruct(), record));
    }
    return out;
  }

  /** For each delete file of a scan: format, rows, and whether it names its only data file. */
  private static List<Object> deleteFiles(Table table) throws Exception {
    List<Object> out = new ArrayList<>();
    try (CloseableIterable<FileScanTask> tasks = table.newScan().planFiles()) {
      for (FileScanTask task : tasks)
        for (DeleteFile file : task.deletes())
          out.add(
              List.of(
                  file.format().toString(),
                  file.recordCount(),
                  ContentFileUtil.isFileScoped(file)
                      && ContentFileUtil.referencedDataFile(file)
                          .toString()
                          .equals(task.file().location())));
    }
    return out;
  }

  /** Rows by the value of the first partition field, added up over the files. */
  private static Map<String, Long> partitions(Table table) throws Exception {
    Map<String, Long> out = new HashMap<>();
    try (CloseableIterable<FileScanTask> tasks = table.newScan().planFiles()) {
      for (FileScanTask task : tasks)
        out.merge(
            String.valueOf(task.file().partition().get(0, Object.class)),
            task.file().recordCount(),
            Long::sum);
    }
    return out;
  }

  private static List<Object> snapshots(Table table) {
    List<Object> out = new ArrayList<>();
    for (Snapshot snapshot : table.snapshots())
      // Identifiers as text: readers of JSON may keep numbers in 53 bits.
      out.add(
          Map.of(
              "id", String.valueOf(snapshot.snapshotId()),
              "parent", String.valueOf(snapshot.parentId()),
              "operation", snapshot.operation(),
              "sequence", snapshot.sequenceNumber(),
              "summary", snapshot.summary()));
    return out;
  }

  /** What an append does not need of a table's metadata; the table has columns id and name. */
  private static Map<String, Object> decorate(Table table) {
    long snapshot = table.currentSnapshot().snapshotId();
    Type nested = Types.StructType.of(Types.NestedField.optional(90, "x", Types.LongType.get()));
    table
        .updateSchema()
        .updateColumnDoc("id", "the key")
        .setIdentifierFields("id")
        .addColumn("more", nested, "nested")
        .commit();
    table.replaceSortOrder().asc("id").desc(Expressions.bucket("name", 8)).commit();
    table.updateProperties().set("owner", "ann").set("write.format.default", "parquet").commit();
    table
        .manageSnapshots()
        .createTag("v1", snapshot)
        .createBranch("audit", snapshot)
        .setMaxRefAgeMs("v1", 86400000L * 3650)
        .setMinSnapshotsToKeep("audit", 3)
        .commit();
    table
        .updateStatistics()
        .setStatistics(
            new GenericStatisticsFile(
                snapshot,
                table.location() + "/metadata/stats.puffin",
                100,
                10,
                List.of(
                    new GenericBlobMetadata(
                        "apache-datasketches-theta-v1",
                        snapshot,
                        1,
                        List.of(1),
                        Map.of("ndv", "2")))))
        .commit();
    return decorations(table);
  }

  private static Map<String, Object> decorations(Table table) {
    Map<String, Object> out = describe(table);
    out.put("docs", table.schema().columns().stream().map(f -> String.valueOf(f.doc())).toList());
    out.put("identifiers", table.schema().identifierFieldNames());
    Map<String, String> refs = new HashMap<>();
    table.refs().forEach((name, ref) -> refs.put(name, ref.toString()));
    refs.remove("main");
    out.put("refs", refs);
    out.put(
        "statistics",
        table.statisticsFiles().stream().map(f -> f.path() + f.blobMetadata()).toList());
    out.put("schemas", table.schemas().size());
    out.put("specs", table.specs().size());
    out.put("sorts", table.sortOrders().size());
    return out;
  }

  /** add NAME TYPE, rename NAME NEW, drop NAME, promote NAME TYPE, or bucket NAME N. */
  private static Object evolve(Table table, List<String> words) {
    if (words.get(0).equals("bucket")) {
      int n = Integer.parseInt(words.get(2));
      table.updateSpec().addField(Expressions.bucket(words.get(1), n)).commit();
      return describe(table);
    }
    UpdateSchema update = table.updateSchema();
    for (int i = 0; i < words.size(); ) {
      String name = words.get(i + 1);
      switch (words.get(i)) {
        case "drop":
          update.deleteColumn(name);
          i += 2;
          continue;
        case "rename":
          update.renameColumn(name, words.get(i + 2));
          break;
        case "add":
          update.addColumn(name, type(words.get(i + 2)));
          break;
        case "promote":
          update.updateColumn(name, type(words.get(i + 2)).asPrimitiveType());
          break;
        default:
          throw new IllegalArgumentException("unknown change " + words.get(i));
      }
      i += 3;
    }
    update.commit();
    return describe(table);
  }

  private static Type type(String text) {
    return Types.fromPrimitiveString(text);
  }

  private static Namespace namespace(String text) {
    return Namespace.of(text.split("\\."));
  }

  private static Map<String, String> strings(String json) throws Exception {
    Map<String, String> out = new HashMap<>();
    JSON.readTree(json)
        .properties()
        .forEach(item -> out.put(item.getKey(), item.getValue().asText()));
    return out;
  }
}
