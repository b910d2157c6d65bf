/* SPDX-License-Identifier: Apache-2.0 */
package firn.peers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;

/**
 * Values of Iceberg's generic records to JSON and back, in the form of "firn sql --format jsonl":
 * decimals are numbers, binary is hex, maps are objects, NaN and the infinities are strings.
 */
final class Rows {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Rows() {}

  static ObjectNode encodeStruct(Types.StructType type, Record record) {
    ObjectNode out = JSON.createObjectNode();
    for (Types.NestedField field : type.fields())
      out.set(field.name(), encode(field.type(), record.getField(field.name())));
    return out;
  }

  static Record decodeStruct(Types.StructType type, JsonNode node) {
    Record out = GenericRecord.create(type);
    for (Types.NestedField field : type.fields()) {
      JsonNode value = node.get(field.name());
      out.setField(field.name(), value == null ? null : decode(field.type(), value));
    }
    return out;
  }

  private static JsonNode encode(Type type, Object value) {
    if (value == null) return JSON.nullNode();
    switch (type.typeId()) {
      case STRUCT:
        return encodeStruct(type.asStructType(), (Record) value);
      case LIST:
        ArrayNode list = JSON.createArrayNode();
        for (Object item : (List<?>) value)
          list.add(encode(type.asListType().elementType(), item));
        return list;
      case MAP:
        ObjectNode map = JSON.createObjectNode();
        for (Map.Entry<?, ?> item : ((Map<?, ?>) value).entrySet())
          map.set(
              encode(type.asMapType().keyType(), item.getKey()).asText(),
              encode(type.asMapType().valueType(), item.getValue()));
        return map;
      case FIXED:
        return JSON.getNodeFactory().textNode(HexFormat.of().formatHex((byte[]) value));
      case BINARY:
        ByteBuffer bytes = ((ByteBuffer) value).duplicate();
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        return JSON.getNodeFactory().textNode(HexFormat.of().formatHex(copy));
      case FLOAT:
      case DOUBLE:
        double number = ((Number) value).doubleValue();
        if (Double.isFinite(number)) return JSON.getNodeFactory().numberNode(number);
        return JSON.getNodeFactory().textNode(Double.toString(number));
      case BOOLEAN:
      case INTEGER:
      case LONG:
      case DECIMAL:
        return JSON.valueToTree(value);
      default: // date, time, timestamp, uuid, string: Java's text is ISO 8601
        return JSON.getNodeFactory().textNode(value.toString());
    }
  }

  private static Object decode(Type type, JsonNode node) {
    if (node.isNull()) return null;
    switch (type.typeId()) {
      case STRUCT:
        return decodeStruct(type.asStructType(), node);
      case LIST:
        List<Object> list = new ArrayList<>();
        for (JsonNode item : node) list.add(decode(type.asListType().elementType(), item));
        return list;
      case MAP:
        Map<Object, Object> map = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> item : node.properties())
          map.put(
              decode(type.asMapType().keyType(), JSON.getNodeFactory().textNode(item.getKey())),
              decode(type.asMapType().valueType(), item.getValue()));
        return map;
      default:
        return decodePrimitive(type, node.asText());
    }
  }

  private static Object decodePrimitive(Type type, String text) {
    switch (type.typeId()) {
      case BOOLEAN:
        return Boolean.valueOf(text);
      case INTEGER:
        return Integer.valueOf(text);
      case LONG:
        return Long.valueOf(text);
      case FLOAT:
        return Float.valueOf(text);
      case DOUBLE:
        return Double.valueOf(text);
      case DECIMAL:
        int scale = ((Types.DecimalType) type).scale();
        return new BigDecimal(text).setScale(scale, RoundingMode.UNNECESSARY);
      case DATE:
        return LocalDate.parse(text);
      case TIME:
        return LocalTime.parse(text);
      case TIMESTAMP:
        if (((Types.TimestampType) type).shouldAdjustToUTC())
          return OffsetDateTime.parse(text).withOffsetSameInstant(ZoneOffset.UTC);
        return LocalDateTime.parse(text);
      case UUID:
        return UUID.fromString(text);
      case FIXED:
        return HexFormat.of().parseHex(text);
      case BINARY:
        return ByteBuffer.wrap(HexFormat.of().parseHex(text));
      case STRING:
        return text;
      default:
        throw new UnsupportedOperationException("not supported: values of type " + type);
    }
  }
}
