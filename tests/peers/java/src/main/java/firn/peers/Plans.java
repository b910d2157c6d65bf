/* SPDX-License-Identifier: Apache-2.0 */
package firn.peers;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.BaseTable;
import org.apache.iceberg.CombinedScanTask;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.StaticTableOperations;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableScan;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.hadoop.HadoopFileIO;
import org.apache.iceberg.io.CloseableIterable;

/** Plans of a table given by its metadata file: how long they take, and what splits they make. */
public final class Plans {
    private Plans() {
    }

    private static Table open(String metadata) {
        return new BaseTable(
            new StaticTableOperations(metadata, new HadoopFileIO(new Configuration())), metadata);
    }

    private static TableScan scan(Table table, long id) {
        return id < 0 ? table.newScan() : table.newScan().filter(Expressions.equal("id", id));
    }

    private static long cpuNanos() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
            .getProcessCpuTime();
    }

    /** A line for each round: seconds of opening the table and planning, CPU seconds, files found. */
    private static void time(String metadata, List<Long> ids) throws IOException {
        for (long id : ids) {
            final long start = System.nanoTime();
            final long cpu = cpuNanos();
            long files = 0;
            try (CloseableIterable<FileScanTask> tasks = scan(open(metadata), id).planFiles()) {
                for (FileScanTask task : tasks) {
                    files += task.file().recordCount() >= 0 ? 1 : 0;
                }
            }
            System.out.printf("%.6f %.6f %d%n", (System.nanoTime() - start) / 1e9,
                              (cpuNanos() - cpu) / 1e9, files);
        }
    }

    /** A line for each piece: number of the split, file name, offset, length. */
    private static void splits(String metadata, Map<String, String> options) throws IOException {
        TableScan scan = open(metadata).newScan();
        for (Map.Entry<String, String> option : options.entrySet()) {
            scan = scan.option(option.getKey(), option.getValue());
        }
        int number = 0;
        try (CloseableIterable<CombinedScanTask> splits = scan.planTasks()) {
            for (CombinedScanTask split : splits) {
                for (FileScanTask piece : split.files()) {
                    System.out.printf("%d\t%s\t%d\t%d%n", number, piece.file().path(),
                                      piece.start(), piece.length());
                }
                number++;
            }
        }
    }

    /** {@code time METADATA ID...} or {@code splits METADATA TARGET OPEN_COST LOOKBACK}. */
    public static void main(String[] args) throws IOException {
        if (args.length == 5 && args[0].equals("splits")) {
            splits(args[1], Map.of("read.split.target-size", args[2], "read.split.open-file-cost", args[3],
                                   "read.split.planning-lookback", args[4]));
            return;
        }
        final List<Long> ids = new ArrayList<>();
        for (int i = 2; i < args.length; i++) {
            ids.add(Long.parseLong(args[i]));
        }
        time(args[1], ids);
    }
}
