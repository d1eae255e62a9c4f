import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import org.rocksdb.BuiltinComparator;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.DBOptions;
import org.rocksdb.FlushOptions;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.TtlDB;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * {@code java -cp JARS MakeDatabases.java OUT-DIR SEED COUNT}: databases of random options, rare ones among them, as the RocksDB on the class
 * path writes them, each with a description of what must be read. Settings that this release does not know, or not together
 * with the others, are left out; the description says which were taken.
 */
public final class MakeDatabases {
  private static final int ROUNDS = 3;
  private final Random random;
  private final List<String> taken = new ArrayList<>();

  private MakeDatabases(long seed) {
    random = new Random(seed);
  }

  public static void main(String[] args) throws Exception {
    Path out = Path.of(args[0]);
    long seed = Long.parseLong(args[1]);
    RocksDB.loadLibrary();
    Files.createDirectories(out);
    for (int n = 0; n < Integer.parseInt(args[2]); n++) {
      String name = "made-" + seed + "-" + n;
      try {
        new MakeDatabases(seed * 10_007 + n).make(out, name);
      } catch (RocksDBException e) {
        // Some options do not go together, and only opening tells.
        System.out.println(name + " cannot be made: " + e.getMessage());
        deleteTree(out.resolve(name));
      }
    }
  }

  private record Family(String name, String comparator, String merge, ColumnFamilyOptions options) {}

  private void make(Path out, String name) throws Exception {
    Path work = Files.createTempDirectory("made");
    boolean ttl = random.nextInt(8) == 0;
    List<Family> families = new ArrayList<>();
    int count = ttl ? 1 : 1 + random.nextInt(3);
    for (int i = 0; i < count; i++) families.add(family(i == 0 ? "default" : "family" + i, ttl));
    DBOptions db = databaseOptions();
    Map<String, String> expected = new LinkedHashMap<>();
    try {
      for (int round = 0; round < ROUNDS; round++) {
        boolean last = round == ROUNDS - 1;
        List<ColumnFamilyHandle> handles = new ArrayList<>();
        try (RocksDB open = open(db, work, families, handles, ttl)) {
          write(open, families, handles, round, last);
          if (last) {
            for (int f = 0; f < families.size(); f++) expected.put(families.get(f).name, content(open, handles.get(f)));
            open.flushWal(true);
            open.disableFileDeletions();
            copy(work, out.resolve(name));
          }
          for (ColumnFamilyHandle handle : handles) handle.close();
        }
      }
    } finally {
      deleteTree(work);
    }
    Files.writeString(out.resolve(name + ".json"), description(name, families, expected, ttl));
  }

  private static RocksDB open(DBOptions db, Path path, List<Family> families, List<ColumnFamilyHandle> handles, boolean ttl)
      throws RocksDBException {
    List<ColumnFamilyDescriptor> descriptors = new ArrayList<>();
    for (Family family : families) descriptors.add(new ColumnFamilyDescriptor(family.name.getBytes(), family.options));
    if (!ttl) return RocksDB.open(db, path.toString(), descriptors, handles);
    return TtlDB.open(db, path.toString(), descriptors, handles, List.of(1_000_000), false);
  }

  private void write(RocksDB db, List<Family> families, List<ColumnFamilyHandle> handles, int round, boolean last) throws RocksDBException {
    try (WriteOptions plain = new WriteOptions(); FlushOptions flush = new FlushOptions()) {
      for (int batches = 20 + random.nextInt(40); batches > 0; batches--) {
        try (WriteBatch batch = new WriteBatch()) {
          for (int f = 0; f < families.size(); f++) change(batch, families.get(f), handles.get(f), round);
          db.write(plain, batch);
        }
        if (random.nextInt(25) == 0 && !(last && batches < 10)) db.flush(flush, handles.get(random.nextInt(handles.size())));
      }
      if (last) return;
      for (ColumnFamilyHandle handle : handles) {
        if (random.nextInt(3) > 0) db.flush(flush, handle);
        if (random.nextInt(2) == 0) db.compactRange(handle);
      }
    }
  }

  private void change(WriteBatch batch, Family family, ColumnFamilyHandle handle, int round) throws RocksDBException {
    for (int n = 1 + random.nextInt(8); n > 0; n--) {
      byte[] key = key(random.nextInt(400));
      switch (random.nextInt(12)) {
        case 0, 1 -> batch.delete(handle, key);
        case 2 -> {
          // What is updated in place keeps an old sequence number, which RocksDB takes a range's tombstone to be newer than.
          byte[] other = key(random.nextInt(400));
          boolean reverse = family.comparator.equals("reverse");
          int order = Arrays.compareUnsigned(key, other);
          if (random.nextInt(6) > 0 || order == 0 || family.options.inplaceUpdateSupport()) batch.delete(handle, key);
          else if (order < 0 == !reverse) batch.deleteRange(handle, key, other);
          else batch.deleteRange(handle, other, key);
        }
        case 3, 4, 5 -> {
          if (family.merge.equals("none")) batch.put(handle, key, value(family));
          else batch.merge(handle, key, value(family));
        }
        default -> batch.put(handle, key, value(family));
      }
    }
  }

  private static byte[] key(int n) {
    return ("key" + n % 7 + "/" + String.format("%05d", n)).getBytes();
  }

  private byte[] value(Family family) {
    if (family.merge.equals("uint64add")) return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(random.nextInt(1000)).array();
    int length = random.nextInt(10) == 0 ? 2000 : random.nextInt(120);
    byte[] value = new byte[length];
    for (int i = 0; i < length; i++) value[i] = (byte) ("stream table ".charAt(i % 13) + (random.nextInt(9) == 0 ? 1 : 0));
    return value;
  }

  private Family family(String name, boolean ttl) {
    String merge = ttl ? "none" : pick("none", "none", "uint64add", "stringappend");
    boolean reverse = random.nextInt(5) == 0;
    Properties all = new Properties();
    all.setProperty("write_buffer_size", pick("20000", "200000", "67108864"));
    String prefix = pick("", "", "rocksdb.FixedPrefix.4", "rocksdb.CappedPrefix.6");
    Map<String, String> table = new LinkedHashMap<>();
    String compression = pick("kNoCompression", "kSnappyCompression", "kZlibCompression", "kBZip2Compression", "kLZ4Compression", "kLZ4HCCompression", "kZSTD");
    set(all, table, "compression", compression);
    maybe(all, table, 3, "bottommost_compression", pick("kZSTD", "kLZ4Compression", "kZlibCompression", "kBZip2Compression"));
    if (!compression.equals("kSnappyCompression")) maybe(all, table, 3, "compression_opts", pick("-14:32767:0:2048:0", "-14:32767:0:1024:8192"));
    if (!prefix.isEmpty()) set(all, table, "prefix_extractor", prefix);
    maybe(all, table, 3, "compaction_style", pick("kCompactionStyleUniversal", "kCompactionStyleFIFO"));
    maybe(all, table, 4, "level_compaction_dynamic_level_bytes", pick("true", "false"));
    maybe(all, table, 6, "inplace_update_support", "true");
    maybe(all, table, 5, "memtable_protection_bytes_per_key", "8");
    maybe(all, table, 5, "block_protection_bytes_per_key", "8");
    maybe(all, table, 4, "target_file_size_base", "4000");
    maybe(all, table, 5, "optimize_filters_for_hits", "true");
    maybe(all, table, 5, "max_successive_merges", "3");
    maybe(all, table, 4, "num_levels", pick("4", "12"));
    maybe(all, table, 4, "compression_per_level", pick("kNoCompression:kLZ4Compression:kZSTD", "kZSTD:kNoCompression"));
    maybe(all, table, 4, "bottommost_compression_opts", "-14:3:0:4096:16384:true");
    maybe(all, table, 4, "preserve_internal_time_seconds", "1000");
    maybe(all, table, 6, "preclude_last_level_data_seconds", "1000");
    maybe(all, table, 5, "last_level_temperature", "kCold");
    maybe(all, table, 5, "default_write_temperature", "kHot");
    maybe(all, table, 5, "compaction_pri", "kRoundRobin");
    maybe(all, table, 5, "ttl", "1000000");
    maybe(all, table, 5, "memtable_whole_key_filtering", "true");
    maybe(all, table, 5, "paranoid_memory_checks", "true");
    maybe(all, table, 5, "paranoid_file_checks", "true");
    maybe(all, table, 5, "memtable_max_range_deletions", "3");
    maybe(all, table, 6, "sample_for_compression", "2");
    maybe(all, table, 6, "cf_allow_ingest_behind", "true");
    if (random.nextInt(8) == 0 && !ttl) {
      set(all, table, "enable_blob_files", "true");
      set(all, table, "min_blob_size", pick("0", "60"));
      maybe(all, table, 2, "blob_compression_type", pick("kZSTD", "kLZ4Compression"));
      maybe(all, table, 2, "enable_blob_garbage_collection", "true");
    }
    table(all, table, "checksum", pick("kNoChecksum", "kCRC32c", "kxxHash", "kxxHash64", "kXXH3"));
    table(all, table, "format_version", String.valueOf(2 + random.nextInt(newestFormat() - 1)));
    table(all, table, "block_size", pick("256", "1024", "4096"));
    table(all, table, "block_restart_interval", pick("1", "3", "16"));
    if (random.nextInt(3) == 0) table(all, table, "block_size_deviation", pick("0", "50"));
    if (random.nextInt(3) == 0) table(all, table, "data_block_hash_table_util_ratio", pick("0.1", "5"));
    if (random.nextInt(3) == 0) table(all, table, "uniform_cv_threshold", pick("0.05", "2"));
    if (random.nextInt(3) == 0) table(all, table, "index_block_search_type", pick("kBinary", "kInterpolation", "kAuto"));
    if (random.nextInt(3) == 0) table(all, table, "data_block_search_type", pick("kBinary", "kInterpolation", "kAuto"));
    if (random.nextInt(4) == 0) {
      table(all, table, "super_block_alignment_size", "8192");
      table(all, table, "super_block_alignment_space_overhead_ratio", pick("1", "16"));
    }
    table(all, table, "index_block_restart_interval", pick("1", "1", "8"));
    String index = pick("kBinarySearch", "kTwoLevelIndexSearch", "kBinarySearchWithFirstKey", prefix.isEmpty() ? "kBinarySearch" : "kHashSearch");
    table(all, table, "index_type", index);
    // With another index RocksDB does not refuse filters in partitions: it dies.
    if (index.equals("kTwoLevelIndexSearch") && random.nextInt(2) == 0) {
      table(all, table, "partition_filters", "true");
      if (random.nextInt(2) == 0) table(all, table, "decouple_partitioned_filters", "true");
    }
    table(all, table, "filter_policy", pick("nullptr", "bloomfilter:10:false", "bloomfilter:10:true", "ribbonfilter:10:-1", "ribbonfilter:12:2"));
    table(all, table, "data_block_index_type", pick("kDataBlockBinarySearch", "kDataBlockBinaryAndHash"));
    table(all, table, "index_shortening", pick("kNoShortening", "kShortenSeparators", "kShortenSeparatorsAndSuccessor"));
    for (String flag : List.of("enable_index_compression", "use_delta_encoding", "whole_key_filtering", "separate_key_value_in_data_block",
        "verify_compression", "optimize_filters_for_memory", "cache_index_and_filter_blocks")) {
      if (random.nextInt(2) == 0) table(all, table, flag, pick("true", "false"));
    }
    if (compression.equals("kNoCompression") && !all.containsKey("bottommost_compression") && random.nextInt(2) == 0) table(all, table, "block_align", "true");
    if (random.nextInt(2) == 0) table(all, table, "metadata_block_size", "256");
    ColumnFamilyOptions options = create(all, table);
    if (reverse) options.setComparator(BuiltinComparator.REVERSE_BYTEWISE_COMPARATOR);
    if (!merge.equals("none")) options.setMergeOperatorName(merge);
    return new Family(name, reverse ? "reverse" : "bytewise", merge, options);
  }

  /** Releases refuse what is newer only when the database is opened. */
  private static int newestFormat() {
    var version = RocksDB.rocksdbVersion();
    int release = version.getMajor() * 100 + version.getMinor();
    return release >= 1004 ? 7 : release >= 806 ? 6 : 5;
  }

  private void maybe(Properties all, Map<String, String> table, int n, String name, String value) {
    if (random.nextInt(n) == 0) set(all, table, name, value);
  }

  private void set(Properties all, Map<String, String> table, String name, String value) {
    all.setProperty(name, value);
    keepIfKnown(all, table, name + "=" + value, () -> all.remove(name));
  }

  private void table(Properties all, Map<String, String> table, String name, String value) {
    table.put(name, value);
    keepIfKnown(all, table, name + "=" + value, () -> table.remove(name));
  }

  private void keepIfKnown(Properties all, Map<String, String> table, String setting, Runnable remove) {
    try (ColumnFamilyOptions options = create(all, table)) {
      if (options == null) remove.run();
      else taken.add(setting);
    }
  }

  private static ColumnFamilyOptions create(Properties all, Map<String, String> table) {
    Properties properties = new Properties();
    properties.putAll(all);
    if (!table.isEmpty()) {
      StringBuilder text = new StringBuilder("{");
      table.forEach((name, value) -> text.append(name).append('=').append(value).append(';'));
      properties.setProperty("block_based_table_factory", text.append('}').toString());
    }
    return ColumnFamilyOptions.getColumnFamilyOptionsFromProps(properties);
  }

  private DBOptions databaseOptions() {
    Properties all = new Properties();
    all.setProperty("create_if_missing", "true");
    all.setProperty("create_missing_column_families", "true");
    Map<String, String> rare = new LinkedHashMap<>();
    // Families that update in place ask for it.
    all.setProperty("allow_concurrent_memtable_write", "false");
    rare.put("recycle_log_file_num", "2");
    rare.put("track_and_verify_wals", "true");
    rare.put("track_and_verify_wals_in_manifest", "true");
    rare.put("wal_compression", "kZSTD");
    rare.put("atomic_flush", "true");
    rare.put("enable_pipelined_write", "true");
    rare.put("avoid_flush_during_recovery", "true");
    rare.put("avoid_flush_during_shutdown", "true");
    rare.put("write_dbid_to_manifest", "true");
    rare.put("write_identity_file", "false");
    rare.put("allow_2pc", "true");
    rare.put("manual_wal_flush", "true");
    rare.put("max_total_wal_size", "30000");
    rare.put("max_manifest_file_size", "2000");
    rare.put("file_checksum_gen_factory", "FileChecksumGenCrc32cFactory");
    rare.put("two_write_queues", "true");
    rare.put("allow_mmap_writes", "true");
    rare.put("reuse_manifest_on_open", "true");
    rare.put("optimize_manifest_for_recovery", "true");
    rare.put("async_wal_precreate", "true");
    rare.put("fast_sst_open", "true");
    rare.put("enable_blob_direct_write", "true");
    rare.put("background_close_inactive_wals", "true");
    rare.put("max_manifest_space_amp_pct", "1");
    rare.put("persist_stats_to_disk", "true");
    rare.put("verify_sst_unique_id_in_manifest", "true");
    rare.put("lowest_used_cache_tier", "kVolatileTier");
    rare.put("WAL_ttl_seconds", "100000");
    rare.put("wal_recovery_mode", "kTolerateCorruptedTailRecords");
    rare.forEach((name, value) -> {
      if (random.nextInt(3) > 0) return;
      all.setProperty(name, value);
      try (DBOptions options = DBOptions.getDBOptionsFromProps(all)) {
        if (options == null) all.remove(name);
        else taken.add(name + "=" + value);
      }
    });
    return DBOptions.getDBOptionsFromProps(all);
  }

  private String pick(String... values) {
    return values[random.nextInt(values.length)];
  }

  /** Number of the pairs and the hash that the descriptions of fixtures have. */
  private static String content(RocksDB db, ColumnFamilyHandle handle) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    int count = 0;
    // Else only what shares a prefix is in order where an index is by hash.
    try (ReadOptions total = new ReadOptions().setTotalOrderSeek(true); RocksIterator iterator = db.newIterator(handle, total)) {
      for (iterator.seekToFirst(); iterator.isValid(); iterator.next(), count++) {
        for (byte[] part : List.of(iterator.key(), iterator.value())) {
          digest.update(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(part.length).array());
          digest.update(part);
        }
      }
      iterator.status();
    }
    return "{\"count\": " + count + ", \"sha256\": \"" + HexFormat.of().formatHex(digest.digest()) + "\"}";
  }

  private String description(String name, List<Family> families, Map<String, String> expected, boolean ttl) {
    List<String> list = new ArrayList<>();
    for (Family f : families)
      list.add("{\"name\": \"" + f.name + "\", \"comparator\": \"" + f.comparator + "\", \"mergeOperator\": \"" + f.merge + "\"}");
    List<String> contents = new ArrayList<>();
    expected.forEach((family, content) -> contents.add("\"" + family + "\": " + content));
    return "{\"name\": \"" + name + "\", \"kind\": \"db\", \"how\": \"" + String.join(" ", taken) + "\"," + (ttl ? " \"ttl\": true," : "")
        + "\n \"columnFamilies\": [" + String.join(", ", list) + "],\n \"expected\": {" + String.join(", ", contents) + "}}\n";
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (var files = Files.list(from)) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        if (name.equals("LOCK") || name.startsWith("LOG")) continue;
        try {
          Files.copy(file, to.resolve(name));
        } catch (NoSuchFileException e) {
          // One that was to be deleted already.
        }
      }
    }
  }

  private static void deleteTree(Path path) throws IOException {
    if (!Files.exists(path)) return;
    try (var files = Files.walk(path)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) Files.delete(file);
    }
  }
}
