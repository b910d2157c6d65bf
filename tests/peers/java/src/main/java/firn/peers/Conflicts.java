/* SPDX-License-Identifier: Apache-2.0 */
package firn.peers;

import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.FileMetadata;
import org.apache.iceberg.Metrics;
import org.apache.iceberg.OverwriteFiles;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.ReplacePartitions;
import org.apache.iceberg.RewriteFiles;
import org.apache.iceberg.RowDelta;
import org.apache.iceberg.Schema;
import org.apache.iceberg.SnapshotUpdate;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.exceptions.CommitFailedException;
import org.apache.iceberg.exceptions.ValidationException;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.inmemory.InMemoryCatalog;
import org.apache.iceberg.types.Conversions;
import org.apache.iceberg.types.Types;

/**
 * Which pairs of concurrent commits conflict, as Iceberg's Java library says.
 *
 * <p>A table of two files: "a" of day 1 with ids 0-9, "b" of day 2 with ids 10-19. Both writers read
 * it; theirs commits on a (same) or b (other), then mine on a, with the validations that Iceberg's
 * Spark integration asks for. One line for each case: version, mine, theirs, place, isolation,
 * verdict.
 */
public final class Conflicts {
  private static final String[] MINE = {
    "append", "overwrite_files", "overwrite_filter", "replace_partitions",
    "delete_rows", "update_rows", "rewrite", "rewrite_kept_sequence"
  };
  private static final String[] THEIRS = {
    "append", "delete_file", "overwrite_files", "replace_partitions",
    "delete_rows", "equality_delete", "update_rows", "rewrite"
  };
  private static final Schema SCHEMA =
      new Schema(
          Types.NestedField.required(1, "id", Types.LongType.get()),
          Types.NestedField.optional(2, "day", Types.DateType.get()));

  private final Table table;
  private final int version;
  private final boolean serializable;
  private final DataFile[] files;
  private int made = 0;

  private Conflicts(Table table, int version, boolean serializable) {
    this.table = table;
    this.version = version;
    this.serializable = serializable;
    this.files = new DataFile[] {data("a", 1), data("b", 2)};
    table.newAppend().appendFile(files[0]).appendFile(files[1]).commit();
  }

  public static void main(String[] args) {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    out.println("version\tmine\ttheirs\tplace\tisolation\tverdict");
    InMemoryCatalog catalog = new InMemoryCatalog();
    catalog.initialize("memory", Map.of());
    catalog.createNamespace(Namespace.of("db"));
    int n = 0;
    for (int version = 1; version <= 3; version++) {
      for (String mine : MINE) {
        for (String theirs : THEIRS) {
          for (String place : new String[] {"same", "other"}) {
            for (String isolation : new String[] {"serializable", "snapshot"}) {
              if (version == 1 && (writesDeletes(mine) || writesDeletes(theirs))) {
                continue;
              }
              TableIdentifier name = TableIdentifier.of("db", "t" + n++);
              String verdict = run(catalog, name, version, mine, theirs, place, isolation);
              out.println(String.join("\t", "" + version, mine, theirs, place, isolation, verdict));
            }
          }
        }
      }
    }
  }

  private static boolean writesDeletes(String operation) {
    return operation.equals("delete_rows")
        || operation.equals("update_rows")
        || operation.equals("equality_delete");
  }

  private static String run(
      InMemoryCatalog catalog,
      TableIdentifier name,
      int version,
      String mine,
      String theirs,
      String place,
      String isolation) {
    Map<String, String> properties = new HashMap<>();
    properties.put("format-version", "" + version);
    properties.put("commit.retry.num-retries", "0");
    PartitionSpec spec = PartitionSpec.builderFor(SCHEMA).identity("day").build();
    Table table = catalog.createTable(name, SCHEMA, spec, null, properties);
    Conflicts c = new Conflicts(table, version, isolation.equals("serializable"));
    long read = table.currentSnapshot().snapshotId();
    long sequence = table.currentSnapshot().sequenceNumber();
    SnapshotUpdate<?> own = c.mine(mine, read, sequence);
    c.theirs(theirs, place.equals("same") ? 0 : 1).commit();
    try {
      own.commit();
      return "ok";
    } catch (ValidationException | CommitFailedException e) {
      return "conflict";
    }
  }

  // ---- files ----

  private DataFile data(String path, int day) {
    long low = (day - 1) * 10L;
    Map<Integer, ByteBuffer> lower =
        Map.of(1, Conversions.toByteBuffer(Types.LongType.get(), low));
    Map<Integer, ByteBuffer> upper =
        Map.of(1, Conversions.toByteBuffer(Types.LongType.get(), low + 9));
    return DataFiles.builder(table.spec())
        .withPath(table.location() + "/data/" + path + ".parquet")
        .withFormat(FileFormat.PARQUET)
        .withFileSizeInBytes(1000)
        .withPartitionPath("day=1970-01-0" + (day + 1))
        .withMetrics(new Metrics(10L, null, Map.of(1, 10L), Map.of(1, 0L), null, lower, upper))
        .build();
  }

  private DeleteFile positions(int at) {
    String path = table.location() + "/data/d" + made++;
    FileMetadata.Builder builder =
        FileMetadata.deleteFileBuilder(table.spec())
            .ofPositionDeletes()
            .withFileSizeInBytes(100)
            .withPartition(files[at].partition())
            .withRecordCount(2)
            .withReferencedDataFile(files[at].location());
    if (version < 3) {
      return builder.withPath(path + ".parquet").withFormat(FileFormat.PARQUET).build();
    }
    return builder
        .withPath(path + ".puffin")
        .withFormat(FileFormat.PUFFIN)
        .withContentOffset(4)
        .withContentSizeInBytes(40)
        .build();
  }

  private DeleteFile equality(int at) {
    return FileMetadata.deleteFileBuilder(table.spec())
        .ofEqualityDeletes(1)
        .withPath(table.location() + "/data/e" + made++ + ".parquet")
        .withFormat(FileFormat.PARQUET)
        .withFileSizeInBytes(100)
        .withPartition(files[at].partition())
        .withRecordCount(2)
        .build();
  }

  // ---- operations ----

  private SnapshotUpdate<?> theirs(String operation, int at) {
    DataFile added = data("theirs", at + 1);
    switch (operation) {
      case "append":
        return table.newAppend().appendFile(added);
      case "delete_file":
        return table.newDelete().deleteFile(files[at]);
      case "overwrite_files":
        return table.newOverwrite().deleteFile(files[at]).addFile(added);
      case "replace_partitions":
        return table.newReplacePartitions().addFile(added);
      case "delete_rows":
        return table.newRowDelta().addDeletes(positions(at));
      case "equality_delete":
        return table.newRowDelta().addDeletes(equality(at));
      case "update_rows":
        return table.newRowDelta().addDeletes(positions(at)).addRows(added);
      case "rewrite":
        return table.newRewrite().deleteFile(files[at]).addFile(added);
      default:
        throw new IllegalArgumentException(operation);
    }
  }

  private SnapshotUpdate<?> mine(String operation, long read, long sequence) {
    Expression filter = Expressions.lessThan("id", 10L);
    DataFile added = data("mine", 1);
    switch (operation) {
      case "append":
        return table.newAppend().appendFile(added);
      case "overwrite_files":
        return overwrite(
            table.newOverwrite().deleteFile(files[0]).conflictDetectionFilter(filter), added, read);
      case "overwrite_filter":
        return overwrite(table.newOverwrite().overwriteByRowFilter(filter), added, read);
      case "replace_partitions":
        ReplacePartitions replace =
            table.newReplacePartitions().addFile(added).validateFromSnapshot(read);
        replace = replace.validateNoConflictingDeletes();
        return serializable ? replace.validateNoConflictingData() : replace;
      case "delete_rows":
        return rowDelta(filter, read).addDeletes(positions(0));
      case "update_rows":
        return rowDelta(filter, read)
            .addDeletes(positions(0))
            .addRows(added)
            .validateDeletedFiles()
            .validateNoConflictingDeleteFiles();
      case "rewrite":
        return rewrite(added, read);
      case "rewrite_kept_sequence":
        return rewrite(added, read).dataSequenceNumber(sequence);
      default:
        throw new IllegalArgumentException(operation);
    }
  }

  private OverwriteFiles overwrite(OverwriteFiles update, DataFile added, long read) {
    OverwriteFiles own =
        update.addFile(added).validateFromSnapshot(read).validateNoConflictingDeletes();
    return serializable ? own.validateNoConflictingData() : own;
  }

  private RowDelta rowDelta(Expression filter, long read) {
    RowDelta own =
        table
            .newRowDelta()
            .conflictDetectionFilter(filter)
            .validateDataFilesExist(java.util.List.of(files[0].location()))
            .validateFromSnapshot(read);
    return serializable ? own.validateNoConflictingDataFiles() : own;
  }

  private RewriteFiles rewrite(DataFile added, long read) {
    return table.newRewrite().deleteFile(files[0]).addFile(added).validateFromSnapshot(read);
  }
}
