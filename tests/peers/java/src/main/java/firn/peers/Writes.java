/* SPDX-License-Identifier: Apache-2.0 */
package firn.peers;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.apache.iceberg.AppendFiles;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.PartitionKey;
import org.apache.iceberg.RowDelta;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.InternalRecordWrapper;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.data.parquet.GenericParquetWriter;
import org.apache.iceberg.deletes.EqualityDeleteWriter;
import org.apache.iceberg.io.DataWriter;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.parquet.Parquet;
import org.apache.iceberg.types.TypeUtil;

/** Data and delete files by Iceberg's own Parquet writers, and the commits that add them. */
final class Writes {
  private Writes() {}

  /** Rows of one commit, one file for each partition. */
  static void append(Table table, JsonNode rows) throws IOException {
    InternalRecordWrapper wrapper = new InternalRecordWrapper(table.schema().asStruct());
    PartitionKey key = new PartitionKey(table.spec(), table.schema());
    Map<PartitionKey, List<Record>> parts = new LinkedHashMap<>();
    for (JsonNode row : rows) {
      Record record = Rows.decodeStruct(table.schema().asStruct(), row);
      key.partition(wrapper.wrap(record));
      parts.computeIfAbsent(key.copy(), k -> new ArrayList<>()).add(record);
    }
    AppendFiles append = table.newAppend();
    for (Map.Entry<PartitionKey, List<Record>> part : parts.entrySet())
      append.appendFile(writeFile(table, part.getKey(), part.getValue()));
    append.commit();
  }

  private static DataFile writeFile(Table table, PartitionKey key, List<Record> records)
      throws IOException {
    DataWriter<Record> writer =
        Parquet.writeData(newFile(table, key))
            .forTable(table)
            .createWriterFunc(GenericParquetWriter::create)
            .withPartition(table.spec().isPartitioned() ? key : null)
            .build();
    try (writer) {
      records.forEach(writer::write);
    }
    return writer.toDataFile();
  }

  private static OutputFile newFile(Table table, PartitionKey key) {
    String name = FileFormat.PARQUET.addExtension(UUID.randomUUID().toString());
    String location =
        table.spec().isPartitioned()
            ? table.locationProvider().newDataLocation(table.spec(), key, name)
            : table.locationProvider().newDataLocation(name);
    return table.io().newOutputFile(location);
  }

  /** Deletes every row whose column has one of the values, by equality; no partitions. */
  static void deleteEqual(Table table, String column, JsonNode values) throws IOException {
    if (table.spec().isPartitioned())
      throw new UnsupportedOperationException(
          "not supported: equality deletes in a partitioned table");
    int id = table.schema().findField(column).fieldId();
    Schema schema = TypeUtil.select(table.schema(), Set.of(id));
    EqualityDeleteWriter<Record> writer =
        Parquet.writeDeletes(newFile(table, null))
            .forTable(table)
            .rowSchema(schema)
            .createWriterFunc(GenericParquetWriter::create)
            .equalityFieldIds(id)
            .buildEqualityWriter();
    try (writer) {
      for (JsonNode value : values) writer.write(Rows.decodeStruct(schema.asStruct(), value));
    }
    DeleteFile deletes = writer.toDeleteFile();
    RowDelta delta = table.newRowDelta();
    delta.addDeletes(deletes).commit();
  }
}
