// make_databases OUT-DIR SEED COUNT: databases of random options and histories, written through the C++ interface of the installed RocksDB, which
// reaches what the Java binding does not: transactions of all policies, tables taken in, families imported, wide columns, blobs, files pushed
// between levels, options changed on the way. Each gets a description that `npm run check:rocksdb -- --dir OUT-DIR` compares it with.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <csignal>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "judge.h"

#include "rocksdb/comparator.h"
#include "rocksdb/convenience.h"
#include "rocksdb/db.h"
#include "rocksdb/experimental.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/merge_operator.h"
#include "rocksdb/metadata.h"
#include "rocksdb/options.h"
#include "rocksdb/slice_transform.h"
#include "rocksdb/sst_file_writer.h"
#include "rocksdb/table.h"
#include "rocksdb/utilities/backup_engine.h"
#include "rocksdb/utilities/checkpoint.h"
#include "rocksdb/utilities/db_ttl.h"
#include "rocksdb/utilities/optimistic_transaction_db.h"
#include "rocksdb/utilities/transaction.h"
#include "rocksdb/utilities/transaction_db.h"
#include "rocksdb/wide_columns.h"

using namespace rocksdb;
namespace fs = std::filesystem;

namespace {

struct Family {
  std::string name;
  bool reverse = false;
  std::string merge = "none";
  ColumnFamilyOptions options;
  int key_style = 0;
  bool universal = false;
  bool fifo = false;
};

class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  void make(const fs::path& out, const std::string& name);
  const std::string& taken() const { return taken_; }

 private:
  std::mt19937_64 random_;
  std::string taken_;
  fs::path work_;
  std::vector<Family> families_;
  DBOptions db_options_;
  std::unique_ptr<DB> db_;
  TransactionDB* locking_ = nullptr;
  std::vector<ColumnFamilyHandle*> handles_;
  std::vector<const Snapshot*> snapshots_;
  std::vector<std::unique_ptr<Transaction>> open_;
  enum class Kind { plain, ttl, transactions, optimistic } kind_ = Kind::plain;
  TxnDBWritePolicy policy_ = WRITE_COMMITTED;
  bool unlogged_ = false;
  bool blobs_ = false;
  bool single_deletes_ = false;
  int tables_made_ = 0;
  int transactions_made_ = 0;
  int dropped_ = 0;

  uint64_t below(uint64_t n) { return random_() % n; }
  bool one_in(uint64_t n) { return below(n) == 0; }
  template <typename T>
  T pick(std::initializer_list<T> values) {
    return *(values.begin() + below(values.size()));
  }
  void took(const std::string& what) { taken_ += (taken_.empty() ? "" : " ") + what; }

  std::string key(const Family& family);
  std::string value(const Family& family);
  Family family(const std::string& name);
  void table(Family* family);
  void database_options();
  void open();
  void close();
  void step();
  void batch();
  void range(const Family& family, std::string* a, std::string* b);
  void ingest(size_t f);
  void move_files(size_t f);
  void transaction(bool may_stay);
  void change_options(size_t f);
  void add_family();
  void drop_family();
  void import_family(size_t f);
};

std::string Maker::key(const Family& family) {
  char text[64];
  switch (family.key_style) {
    case 0:
      snprintf(text, sizeof text, "key%llu/%05llu", (unsigned long long)below(7), (unsigned long long)below(300));
      return text;
    case 1: {  // few bytes, mostly the outermost ones, the empty key too
      std::string bytes;
      for (uint64_t n = below(7); n > 0; n--) bytes += pick<char>({'\x00', '\xff', '\x00', '\xff', '\xfe', '\x01', 'a'});
      return bytes;
    }
    case 2: {  // 8 bytes, big endian, dense or far apart
      uint64_t n = one_in(2) ? below(500) : (below(500) << 40);
      std::string bytes;
      for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(n >> shift);
      return bytes;
    }
    default: {  // long common prefixes, few keys very long
      std::string bytes(40 + below(4) * 300, 'p');
      if (one_in(60)) bytes.append(100000 + below(900000), 'q');
      snprintf(text, sizeof text, "%04llu", (unsigned long long)below(200));
      return bytes + text;
    }
  }
}

std::string Maker::value(const Family& family) {
  if (family.merge == "uint64add") {
    std::string bytes(8, '\0');
    bytes[0] = static_cast<char>(below(200));
    if (one_in(30)) bytes.resize(below(9));
    return bytes;
  }
  size_t length = one_in(8) ? 0 : one_in(10) ? 1000 + below(6000) : one_in(1500) ? 4000000 + below(16000000) : below(100);
  std::string bytes(length, '\0');
  bool noise = one_in(3);
  for (size_t i = 0; i < length; i++) bytes[i] = noise ? static_cast<char>(random_()) : "streams and tables "[i % 19] + (i % 64 == 63 ? below(9) : 0);
  return bytes;
}

void Maker::table(Family* family) {
  std::string text;
  auto set = [&](const std::string& name, const std::string& value) { text += name + "=" + value + ";"; };
  set("format_version", pick<std::string>({"2", "3", "4", "5", "5", "5"}));
  set("checksum", pick<std::string>({"kNoChecksum", "kCRC32c", "kxxHash", "kxxHash64", "kXXH3"}));
  set("block_size", pick<std::string>({"64", "256", "1024", "4096", "4096", "1048576"}));
  set("block_size_deviation", pick<std::string>({"0", "10", "50"}));
  set("block_restart_interval", pick<std::string>({"1", "2", "16", "64"}));
  set("index_block_restart_interval", pick<std::string>({"1", "1", "4", "16"}));
  set("metadata_block_size", pick<std::string>({"1", "64", "256", "4096"}));
  bool has_prefix = family->options.prefix_extractor != nullptr;
  std::string index = pick<std::string>({"kBinarySearch", "kTwoLevelIndexSearch", "kTwoLevelIndexSearch", "kBinarySearchWithFirstKey",
                                         has_prefix ? "kHashSearch" : "kBinarySearch"});
  set("index_type", index);
  if (index == "kTwoLevelIndexSearch" && one_in(2)) set("partition_filters", "true");
  set("filter_policy", pick<std::string>({"nullptr", "bloomfilter:10:false", "bloomfilter:1.5:false", "bloomfilter:30:false", "ribbonfilter:10:-1",
                                          "ribbonfilter:10:0", "ribbonfilter:5.5:1", "ribbonfilter:20:-1"}));
  bool hash = one_in(3);
  if (hash) set("data_block_index_type", "kDataBlockBinaryAndHash");
  if (hash) set("data_block_hash_table_util_ratio", pick<std::string>({"0.75", "0.1", "5"}));
  set("index_shortening", pick<std::string>({"kNoShortening", "kShortenSeparators", "kShortenSeparatorsAndSuccessor"}));
  for (const char* flag : {"enable_index_compression", "whole_key_filtering", "verify_compression", "optimize_filters_for_memory",
                           "detect_filter_construct_corruption", "cache_index_and_filter_blocks"}) {
    if (one_in(2)) set(flag, pick<std::string>({"true", "false"}));
  }
  bool plain = family->options.compression == kNoCompression && family->options.bottommost_compression == kDisableCompressionOption &&
               family->options.compression_per_level.empty();
  if (plain && one_in(2)) set("block_align", "true");
  ConfigOptions config;
  BlockBasedTableOptions made;
  need(GetBlockBasedTableOptionsFromString(config, BlockBasedTableOptions(), text, &made), "table options " + text);
  if (one_in(4)) {
    made.use_delta_encoding = false;
    text += "use_delta_encoding=false;";
  }
  took("{" + text + "}");
  family->options.table_factory.reset(NewBlockBasedTableFactory(made));
}

Family Maker::family(const std::string& name) {
  Family made;
  made.name = name;
  made.key_style = static_cast<int>(below(4));
  made.reverse = one_in(4);
  ColumnFamilyOptions& o = made.options;
  if (made.reverse) o.comparator = ReverseBytewiseComparator();
  if (kind_ != Kind::ttl) made.merge = pick<std::string>({"none", "none", "uint64add", "stringappend", "stringappend=|", "max", "bytesxor"});
  std::string merge = made.merge;
  size_t equals = merge.find('=');
  if (equals != std::string::npos) merge = "{id=stringappend;delimiter=" + merge.substr(equals + 1) + "}";
  if (merge != "none") need(MergeOperator::CreateFromString(ConfigOptions(), merge, &o.merge_operator), merge);
  auto compression = [&] {
    return pick({kNoCompression, kSnappyCompression, kZlibCompression, kBZip2Compression, kLZ4Compression, kLZ4HCCompression, kZSTD});
  };
  o.compression = compression();
  if (one_in(3)) {
    o.bottommost_compression = compression();
    o.bottommost_compression_opts.enabled = true;
    if (o.bottommost_compression != kSnappyCompression) o.bottommost_compression_opts.max_dict_bytes = pick<uint32_t>({0, 512, 4096});
    if (o.bottommost_compression_opts.max_dict_bytes > 0 && one_in(2)) o.bottommost_compression_opts.zstd_max_train_bytes = 65536;
    if (o.bottommost_compression_opts.max_dict_bytes > 0 && one_in(2)) o.bottommost_compression_opts.use_zstd_dict_trainer = false;
  }
  if (one_in(3)) {
    for (uint64_t n = below(7); n > 0; n--) o.compression_per_level.push_back(compression());
  }
  if (one_in(2)) {
    o.compression_opts.max_dict_bytes = pick<uint32_t>({512, 16384});
    if (one_in(3)) o.compression_opts.max_dict_buffer_bytes = pick<uint64_t>({1, 20000});
    if (one_in(3)) o.compression_opts.zstd_max_train_bytes = 32768;
  }
  if (one_in(3)) o.compression_opts.level = pick({-1, 1, 5, 9, 32767});
  if (one_in(6)) o.compression_opts.parallel_threads = 3;
  if (one_in(2)) {
    int n = pick({1, 3, 4, 12});
    // Debian's build dies of keys that are shorter than a fixed prefix.
    o.prefix_extractor.reset(made.key_style != 1 && n <= 4 && one_in(2) ? NewFixedPrefixTransform(n) : NewCappedPrefixTransform(n));
    if (one_in(8)) o.prefix_extractor.reset(NewNoopTransform());
    if (one_in(3)) o.memtable_prefix_bloom_size_ratio = 0.1;
  }
  o.write_buffer_size = pick<size_t>({200000, 400000, 64 << 20});
  // Debian's build dies of a memtable whose first blocks fill it.
  o.arena_block_size = 4096;
  o.max_write_buffer_number = pick({2, 4});
  o.min_write_buffer_number_to_merge = pick({1, 1, 2});
  o.target_file_size_base = pick<uint64_t>({2000, 20000, 64 << 20});
  o.max_bytes_for_level_base = pick<uint64_t>({10000, 100000, 256 << 20});
  o.max_bytes_for_level_multiplier = pick({2, 4, 10});
  o.level0_file_num_compaction_trigger = pick({2, 4, 8});
  o.level_compaction_dynamic_level_bytes = one_in(2);
  o.num_levels = pick({7, 7, 3, 12});
  o.compaction_pri = pick({kByCompensatedSize, kOldestLargestSeqFirst, kOldestSmallestSeqFirst, kMinOverlappingRatio, kRoundRobin});
  o.max_successive_merges = one_in(4) && !db_options_.unordered_write ? 3 : 0;
  o.optimize_filters_for_hits = one_in(4);
  o.max_sequential_skip_in_iterations = pick<uint64_t>({0, 8});
  o.disable_auto_compactions = one_in(4);
  o.report_bg_io_stats = one_in(3);
  o.preserve_internal_time_seconds = 0;
  if (one_in(5)) o.preclude_last_level_data_seconds = 0;
  if (one_in(5)) {
    o.compaction_style = kCompactionStyleUniversal;
    made.universal = true;
    o.compaction_options_universal.allow_trivial_move = one_in(2);
    o.compaction_options_universal.incremental = one_in(3);
    o.num_levels = pick({1, 3, 7});
    if (one_in(3)) o.compaction_options_universal.compression_size_percent = 50;
    if (one_in(3)) o.bottommost_temperature = Temperature::kCold;
  } else if (one_in(8)) {
    o.compaction_style = kCompactionStyleFIFO;
    made.fifo = true;
    o.num_levels = 1;
    o.compaction_options_fifo.allow_compaction = one_in(2);
    o.compaction_options_fifo.max_table_files_size = pick<uint64_t>({60000, 1 << 30});
  }
  if (blobs_ && one_in(2)) {
    o.enable_blob_files = true;
    o.min_blob_size = pick<uint64_t>({0, 40});
    o.blob_file_size = pick<uint64_t>({2000, 1 << 28});
    o.blob_compression_type = compression();
    o.enable_blob_garbage_collection = one_in(2);
    o.blob_garbage_collection_age_cutoff = pick({0.25, 1.0});
    o.prepopulate_blob_cache = one_in(3) ? PrepopulateBlobCache::kFlushOnly : PrepopulateBlobCache::kDisable;
    took("blobs:" + name);
  }
  table(&made);
  took(name + (made.reverse ? ",reverse" : "") + ",merge=" + made.merge + ",keys=" + std::to_string(made.key_style) + ",style=" +
       std::to_string(o.compaction_style) + ",levels=" + std::to_string(o.num_levels));
  return made;
}

void Maker::database_options() {
  DBOptions& o = db_options_;
  o.create_if_missing = true;
  o.create_missing_column_families = true;
  o.allow_concurrent_memtable_write = one_in(2);
  auto maybe = [&](const char* name, const std::function<void()>& set) {
    if (!one_in(3)) return;
    set();
    took(name);
  };
  maybe("wal_compression", [&] { o.wal_compression = kZSTD; });
  // Its flushes die of logs that nobody synced.
  if (one_in(3)) maybe("manual_wal_flush", [&] { o.manual_wal_flush = true; });
  if (kind_ != Kind::transactions) maybe("atomic_flush", [&] { o.atomic_flush = true; });
  maybe("track_and_verify_wals_in_manifest", [&] { o.track_and_verify_wals_in_manifest = true; });
  maybe("write_dbid_to_manifest", [&] { o.write_dbid_to_manifest = true; });
  maybe("avoid_flush_during_recovery", [&] { o.avoid_flush_during_recovery = true; });
  maybe("avoid_flush_during_shutdown", [&] { o.avoid_flush_during_shutdown = true; });
  maybe("max_manifest_file_size", [&] { o.max_manifest_file_size = 3000; });
  maybe("max_total_wal_size", [&] { o.max_total_wal_size = 40000; });
  maybe("file_checksums", [&] { o.file_checksum_gen_factory = GetFileChecksumGenCrc32cFactory(); });
  maybe("no_fallocate", [&] { o.allow_fallocate = false; });
  maybe("two_write_queues", [&] { o.two_write_queues = true; });
  if (!o.two_write_queues && !o.atomic_flush && kind_ != Kind::transactions && kind_ != Kind::optimistic) maybe("enable_pipelined_write", [&] { o.enable_pipelined_write = true; });
  if (!o.two_write_queues && !o.enable_pipelined_write && kind_ == Kind::plain && !o.atomic_flush) maybe("unordered_write", [&] { o.unordered_write = true, o.allow_concurrent_memtable_write = true; });
  maybe("recycle_log_file_num", [&] { o.recycle_log_file_num = 2, o.wal_recovery_mode = WALRecoveryMode::kSkipAnyCorruptedRecords; });
  maybe("max_subcompactions", [&] { o.max_subcompactions = 3, o.max_background_jobs = 3; });
  if (!o.recycle_log_file_num) maybe("tolerate", [&] { o.wal_recovery_mode = WALRecoveryMode::kTolerateCorruptedTailRecords; });
  maybe("allow_2pc", [&] { o.allow_2pc = true; });
  if (kind_ == Kind::plain && !o.unordered_write) maybe("allow_ingest_behind", [&] { o.allow_ingest_behind = true; });
  if (kind_ != Kind::transactions) maybe("persist_stats_to_disk", [&] { o.persist_stats_to_disk = true, o.stats_persist_period_sec = 1; });
}

void Maker::open() {
  std::vector<ColumnFamilyDescriptor> descriptors;
  for (const Family& f : families_) descriptors.emplace_back(f.name, f.options);
  if (db_options_.persist_stats_to_disk) descriptors.emplace_back("___rocksdb_stats_history___", ColumnFamilyOptions());
  handles_.clear();
  DB* db = nullptr;
  locking_ = nullptr;
  const std::string path = work_.string();
  switch (kind_) {
    case Kind::plain:
      need(DB::Open(db_options_, path, descriptors, &handles_, &db), "open");
      break;
    case Kind::ttl: {
      DBWithTTL* timed = nullptr;
      need(DBWithTTL::Open(db_options_, path, descriptors, &handles_, &timed, std::vector<int32_t>(descriptors.size(), 1000000)), "open");
      db = timed;
      break;
    }
    case Kind::transactions: {
      TransactionDBOptions options;
      options.write_policy = policy_;
      options.default_write_batch_flush_threshold = policy_ == WRITE_UNPREPARED ? 60 : 0;
      need(TransactionDB::Open(db_options_, options, path, descriptors, &handles_, &locking_), "open");
      db = locking_;
      break;
    }
    case Kind::optimistic: {
      OptimisticTransactionDB* optimistic = nullptr;
      need(OptimisticTransactionDB::Open(db_options_, path, descriptors, &handles_, &optimistic), "open");
      db = optimistic;
      break;
    }
  }
  db_.reset(db);
  if (db_options_.persist_stats_to_disk) {
    need(db_->DestroyColumnFamilyHandle(handles_.back()), "destroy handle");
    handles_.pop_back();
  }
}

void Maker::close() {
  if (!db_) return;
  if (unlogged_) {
    if (db_options_.atomic_flush) need(db_->Flush(FlushOptions(), handles_), "flush");
    else for (auto* handle : handles_) need(db_->Flush(FlushOptions(), handle), "flush");
    unlogged_ = false;
  }
  open_.clear();
  for (const Snapshot* snapshot : snapshots_) db_->ReleaseSnapshot(snapshot);
  snapshots_.clear();
  if (db_options_.manual_wal_flush) need(db_->FlushWAL(true), "flush of the log");
  for (auto* handle : handles_) db_->DestroyColumnFamilyHandle(handle);
  handles_.clear();
  // Those of transactions keep snapshots of their own, which only their destructors let go.
  if (kind_ != Kind::transactions) need(db_->Close(), "close");
  db_.reset();
}

void Maker::range(const Family& family, std::string* a, std::string* b) {
  *a = key(family);
  *b = key(family);
  if (family.options.comparator->Compare(*a, *b) > 0) std::swap(*a, *b);
}

void Maker::batch() {
  WriteBatch batch(0, 0, pick<size_t>({0, 8}), 0);
  std::string a, b;
  for (uint64_t n = below(12); n > 0; n--) {
    size_t f = below(families_.size());
    const Family& family = families_[f];
    ColumnFamilyHandle* handle = handles_[f];
    switch (below(14)) {
      case 0:
      case 1:
        need(batch.Delete(handle, key(family)), "delete");
        break;
      case 2:
        if (kind_ != Kind::plain || one_in(3)) break;
        range(family, &a, &b);
        need(batch.DeleteRange(handle, a, b), "delete range");
        break;
      case 3:
      case 4:
      case 5:
        if (family.merge != "none") need(batch.Merge(handle, key(family), value(family)), "merge");
        else need(batch.Put(handle, key(family), value(family)), "put");
        break;
      case 6:
        // Only what is put once and never merged may be deleted so.
        if (single_deletes_) {
          std::string once = "once" + std::to_string(below(1u << 30));
          need(batch.Put(handle, once, value(family)), "put");
          if (one_in(2)) need(batch.SingleDelete(handle, once), "single delete");
          else if (one_in(2)) {
            need(db_->Write(WriteOptions(), &batch), "write");
            batch.Clear();
            if (one_in(3)) need(db_->Flush(FlushOptions(), handle), "flush");
            need(batch.SingleDelete(handle, once), "single delete");
          }
        }
        break;
      case 7:
        batch.PutLogData(value(family).substr(0, 100));
        break;
      case 8:
        if (kind_ == Kind::plain && family.merge == "none" && one_in(2)) {
          std::string plain = value(family), other = key(family).substr(0, 200);
          need(batch.PutEntity(handle, key(family), WideColumns{{kDefaultWideColumnName, plain}, {"attribute", other}}), "put entity");
          break;
        }
        [[fallthrough]];
      default:
        need(batch.Put(handle, key(family), value(family)), "put");
    }
    if (one_in(30)) batch.SetSavePoint();
  }
  if (batch.Count() == 0) return;
  WriteOptions options;
  // With several families its flushes die of logs that are synced meanwhile.
  if (one_in(10)) options.sync = !db_options_.manual_wal_flush && families_.size() == 1;
  if (kind_ != Kind::transactions && !db_options_.unordered_write && one_in(25)) {
    options.sync = false;
    options.disableWAL = true;
    unlogged_ = true;
  }
  if (one_in(6)) options.memtable_insert_hint_per_batch = true;
  need(db_->Write(options, &batch), "write");
}

void Maker::ingest(size_t f) {
  const Family& family = families_[f];
  std::vector<std::string> files;
  std::vector<std::string> keys;
  for (uint64_t n = 1 + below(40); n > 0; n--) keys.push_back(key(family));
  const Comparator* order = family.options.comparator;
  std::sort(keys.begin(), keys.end(), [&](const std::string& a, const std::string& b) { return order->Compare(a, b) < 0; });
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  fs::path path = work_.string() + "-table-" + std::to_string(tables_made_++) + ".sst";
  SstFileWriter writer(EnvOptions(), Options(db_options_, family.options), one_in(2) ? handles_[f] : nullptr);
  need(writer.Open(path.string()), "open a table");
  for (const std::string& k : keys) {
    switch (below(6)) {
      case 0:
        need(writer.Delete(k), "delete");
        break;
      case 1:
        if (family.merge != "none") {
          need(writer.Merge(k, value(family)), "merge");
          break;
        }
        [[fallthrough]];
      default:
        need(writer.Put(k, value(family)), "put");
    }
  }
  std::string a, b;
  range(family, &a, &b);
  if (one_in(3) && order->Compare(a, b) < 0) need(writer.DeleteRange(a, b), "delete range");
  need(writer.Finish(), "finish a table");
  IngestExternalFileOptions options;
  options.move_files = one_in(2);
  options.snapshot_consistency = one_in(2);
  options.write_global_seqno = one_in(3);
  options.failed_move_fall_back_to_copy = true;
  options.verify_checksums_before_ingest = one_in(2);
  if (db_options_.allow_ingest_behind && one_in(2)) options.ingest_behind = true;
  Status status = db_->IngestExternalFile(handles_[f], {path.string()}, options);
  fs::remove(path);
  // Behind what is there fits only a file that overlaps nothing in the last level.
  if (!status.ok() && !options.ingest_behind && !status.IsInvalidArgument()) need(status, "ingest");
  took(options.ingest_behind ? "ingest-behind" : options.write_global_seqno ? "ingest-numbered" : "ingest");
}

void Maker::move_files(size_t f) {
  Family& family = families_[f];
  std::string a, b;
  range(family, &a, &b);
  Slice from(a), to(b);
  switch (below(6)) {
    case 0: {
      CompactRangeOptions options;
      options.bottommost_level_compaction =
          pick({BottommostLevelCompaction::kSkip, BottommostLevelCompaction::kForce, BottommostLevelCompaction::kForceOptimized});
      options.max_subcompactions = pick({0u, 3u});
      if (!family.fifo && one_in(3)) {
        options.change_level = true;
        options.target_level = static_cast<int>(below(family.options.num_levels));
      }
      db_->CompactRange(options, handles_[f], one_in(2) ? &from : nullptr, one_in(2) ? &to : nullptr).PermitUncheckedError();
      break;
    }
    case 1:
      experimental::SuggestCompactRange(db_.get(), handles_[f], &from, &to).PermitUncheckedError();
      break;
    case 2:
      if (one_in(3)) {
        // What a file hides can come to light again, so this is never done where deletes matter to the transactions' checks.
        RangePtr whole(&from, &to);
        DeleteFilesInRanges(db_.get(), handles_[f], &whole, 1, one_in(2)).PermitUncheckedError();
        took("delete-files-in-range");
      }
      break;
    case 3: {
      ColumnFamilyMetaData meta;
      db_->GetColumnFamilyMetaData(handles_[f], &meta);
      std::vector<std::string> inputs;
      for (const auto& level : meta.levels)
        for (const auto& file : level.files)
          if (one_in(2)) inputs.push_back(file.name);
      if (!inputs.empty()) {
        CompactionOptions options;
        options.compression = pick({kNoCompression, kLZ4Compression, kDisableCompressionOption});
        options.output_file_size_limit = pick<uint64_t>({3000, 1 << 20});
        db_->CompactFiles(options, handles_[f], inputs, static_cast<int>(below(family.options.num_levels))).PermitUncheckedError();
      }
      break;
    }
    case 4:
      if (!family.fifo && family.options.num_levels > 2) experimental::PromoteL0(db_.get(), handles_[f], 1 + below(2)).PermitUncheckedError();
      break;
    default:
      need(db_->Flush(FlushOptions(), handles_[f]), "flush");
  }
}

void Maker::transaction(bool may_stay) {
  if (locking_ == nullptr) return;
  TransactionOptions options;
  options.lock_timeout = 1;
  std::unique_ptr<Transaction> transaction(locking_->BeginTransaction(WriteOptions(), options));
  bool named = one_in(2) || may_stay;
  if (named) need(transaction->SetName("transaction-" + std::to_string(transactions_made_++) + "-" + std::to_string(below(1 << 30))), "name");
  bool locked_out = false;
  for (uint64_t n = 1 + below(8); n > 0; n--) {
    size_t f = below(families_.size());
    const Family& family = families_[f];
    Status status;
    switch (below(5)) {
      case 0:
        status = transaction->Delete(handles_[f], key(family));
        break;
      case 1:
        if (family.merge != "none") {
          status = transaction->Merge(handles_[f], key(family), value(family).substr(0, 2000));
          break;
        }
        [[fallthrough]];
      case 2:
        if (policy_ != WRITE_UNPREPARED) transaction->SetSavePoint();
        status = transaction->Put(handles_[f], key(family), value(family).substr(0, 2000));
        if (policy_ != WRITE_UNPREPARED && status.ok() && one_in(3)) need(transaction->RollbackToSavePoint(), "roll back");
        break;
      default:
        status = transaction->Put(handles_[f], key(family), value(family).substr(0, 2000));
    }
    locked_out |= !status.ok();
  }
  if (locked_out) {
    need(transaction->Rollback(), "roll back");
    return;
  }
  if (named) {
    need(transaction->Prepare(), "prepare");
    if (may_stay && one_in(2)) {
      open_.push_back(std::move(transaction));
      took("undecided");
      return;
    }
    if (one_in(4)) {
      need(transaction->Rollback(), "roll back");
      return;
    }
  }
  need(transaction->Commit(), "commit");
}

void Maker::change_options(size_t f) {
  std::unordered_map<std::string, std::string> changes;
  switch (below(4)) {
    case 0:
      changes["compression"] = pick<std::string>({"kNoCompression", "kZSTD", "kLZ4Compression", "kZlibCompression"});
      break;
    case 1:
      changes["block_based_table_factory"] = "{block_size=" + pick<std::string>({"128", "9000"}) + ";}";
      break;
    case 2:
      changes["prefix_extractor"] = pick<std::string>({"rocksdb.CappedPrefix.2", "rocksdb.CappedPrefix.5", "nullptr"});
      break;
    default:
      changes["write_buffer_size"] = pick<std::string>({"200000", "300000"});
  }
  // With blocks that are aligned nothing may be compressed.
  auto* table = families_[f].options.table_factory->GetOptions<BlockBasedTableOptions>();
  if (table->block_align || (table->index_type == BlockBasedTableOptions::kHashSearch && changes.count("prefix_extractor"))) return;
  db_->SetOptions(handles_[f], changes).PermitUncheckedError();
  took("set-options");
}

void Maker::add_family() {
  if (families_.size() > 6 || kind_ != Kind::plain) return;
  Family made = family("added-" + std::to_string(below(1 << 20)));
  ColumnFamilyHandle* handle = nullptr;
  need(db_->CreateColumnFamily(made.options, made.name, &handle), "create family");
  families_.push_back(made);
  handles_.push_back(handle);
}

void Maker::drop_family() {
  if (families_.size() < 2 || kind_ == Kind::transactions || dropped_ > 3) return;
  size_t f = 1 + below(families_.size() - 1);
  dropped_++;
  took("dropped");
  need(db_->DropColumnFamily(handles_[f]), "drop family");
  need(db_->DestroyColumnFamilyHandle(handles_[f]), "destroy handle");
  handles_.erase(handles_.begin() + f);
  families_.erase(families_.begin() + f);
}

void Maker::import_family(size_t f) {
  if (kind_ != Kind::plain || families_.size() > 6 || families_[f].options.enable_blob_files) return;
  Checkpoint* checkpoint = nullptr;
  need(Checkpoint::Create(db_.get(), &checkpoint), "checkpoint");
  std::unique_ptr<Checkpoint> holder(checkpoint);
  fs::path path = work_.string() + "-export-" + std::to_string(tables_made_++);
  ExportImportFilesMetaData* meta = nullptr;
  Status status = checkpoint->ExportColumnFamily(handles_[f], path.string(), &meta);
  std::unique_ptr<ExportImportFilesMetaData> meta_holder(meta);
  if (status.ok() && !meta->files.empty()) {
    ImportColumnFamilyOptions options;
    options.move_files = one_in(2);
    Family made = families_[f];
    made.name = "imported-" + std::to_string(below(1 << 20));
    ColumnFamilyHandle* handle = nullptr;
    status = db_->CreateColumnFamilyWithImport(made.options, made.name, options, *meta, &handle);
    if (status.ok()) {
      families_.push_back(made);
      handles_.push_back(handle);
      took("imported");
    }
  }
  fs::remove_all(path);
}

void Maker::step() {
  size_t f = below(families_.size());
  switch (below(40)) {
    case 0:
    case 1:
      move_files(f);
      break;
    case 2:
      if (kind_ != Kind::ttl && kind_ != Kind::transactions) ingest(f);
      break;
    case 3:
      if (snapshots_.size() < 4) snapshots_.push_back(db_->GetSnapshot());
      break;
    case 4:
      if (!snapshots_.empty()) {
        db_->ReleaseSnapshot(snapshots_.front());
        snapshots_.erase(snapshots_.begin());
      }
      break;
    case 5:
      if (one_in(4)) change_options(f);
      break;
    case 6:
      if (one_in(6)) add_family();
      break;
    case 7:
      if (one_in(6)) drop_family();
      break;
    case 8:
      if (one_in(8)) import_family(f);
      break;
    case 9:
      if (db_options_.atomic_flush) need(db_->Flush(FlushOptions(), handles_), "flush");
      else need(db_->Flush(FlushOptions(), handles_[f]), "flush");
      break;
    case 10:
      if (one_in(4)) need(db_->FlushWAL(families_.size() == 1), "flush of the log");
      break;
    case 11:
      if (one_in(6)) {
        close();
        open();
      }
      break;
    case 12:
    case 13:
    case 14:
    case 15:
    case 16:
      if (locking_ != nullptr) {
        transaction(false);
        break;
      }
      [[fallthrough]];
    default:
      batch();
  }
}

void Maker::make(const fs::path& out, const std::string& name) {
  work_ = out / (name + ".work");
  kind_ = pick({Kind::plain, Kind::plain, Kind::plain, Kind::plain, Kind::ttl, Kind::transactions, Kind::transactions, Kind::optimistic});
  blobs_ = kind_ == Kind::plain && one_in(5);
  single_deletes_ = kind_ == Kind::plain && one_in(2);
  took("kind=" + std::to_string(static_cast<int>(kind_)));
  database_options();
  if (kind_ == Kind::transactions) {
    policy_ = pick({WRITE_COMMITTED, WRITE_PREPARED, WRITE_UNPREPARED});
    took("policy=" + std::to_string(policy_));
    if (policy_ != WRITE_COMMITTED) db_options_.two_write_queues = one_in(2);
    if (db_options_.two_write_queues) db_options_.enable_pipelined_write = false;
  }
  size_t count = one_in(15) ? 60 : 1 + below(4);
  for (size_t i = 0; i < count; i++) families_.push_back(family(i == 0 ? "default" : "family" + std::to_string(i)));
  // Ingestion behind needs its own last level, and FIFO and single levels have none.
  if (db_options_.allow_ingest_behind)
    for (Family& f : families_) f.options.num_levels = std::max(f.options.num_levels, f.fifo ? 1 : 3);
  open();
  bool dry = one_in(10);
  for (uint64_t n = dry ? 10 : 100 + below(500); n > 0; n--) step();
  bool clean = kind_ != Kind::transactions && one_in(3);
  for (int i = 0; i < 3 && kind_ == Kind::transactions; i++) {
    transaction(true);
    for (uint64_t n = below(12); n > 0; n--) step();
  }
  if (unlogged_) {
    if (db_options_.atomic_flush) need(db_->Flush(FlushOptions(), handles_), "flush");
    else for (auto* handle : handles_) need(db_->Flush(FlushOptions(), handle), "flush");
  }
  unlogged_ = false;
  if (!clean) need(db_->PauseBackgroundWork(), "pause");
  need(db_->FlushWAL(true), "flush of the log");
  std::map<std::string, std::string> expected;
  for (size_t f = 0; f < families_.size(); f++) expected[families_[f].name] = content(db_.get(), handles_[f]);
  took(clean ? "closed" : "running");
  if (clean) close();
  fs::path to = out / name;
  fs::create_directories(to);
  for (const auto& entry : fs::directory_iterator(work_)) {
    std::string file = entry.path().filename().string();
    if (file == "LOCK" || file.rfind("LOG", 0) == 0) continue;
    if (entry.is_regular_file()) fs::copy_file(entry.path(), to / file);
  }
  fs::remove_all(work_);
  std::string list, contents;
  for (const Family& f : families_) {
    list += std::string(list.empty() ? "" : ", ") + "{\"name\": " + json(f.name) + ", \"comparator\": \"" + (f.reverse ? "reverse" : "bytewise") +
            "\", \"mergeOperator\": " + json(f.merge) + "}";
    contents += (contents.empty() ? "" : ",\n  ") + json(f.name) + ": " + expected[f.name];
  }
  std::ofstream(out / (name + ".json")) << "{\"name\": " << json(name) << ", \"kind\": \"db\", \"how\": " << json(taken_) << ","
                                        << (kind_ == Kind::ttl ? " \"ttl\": true," : "")
                                        << (policy_ != WRITE_COMMITTED && !open_.empty() ? " \"mayBeRefused\": true," : "") << "\n \"columnFamilies\": [" << list
                                        << "],\n \"expected\": {" << contents << "}}\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: make_databases OUT-DIR SEED COUNT\n");
    return 2;
  }
  fs::path out = argv[1];
  uint64_t seed = strtoull(argv[2], nullptr, 10);
  fs::create_directories(out);
  for (int n = 0; n < atoi(argv[3]); n++) {
    std::string name = "made-cc-" + std::to_string(seed) + "-" + std::to_string(n);
    // Each in a process of its own: RocksDB dies of some things instead of refusing them.
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      alarm(15);
      // Never destroyed: what is undecided or in the background need not end in an orderly way.
      Maker* maker = new Maker(seed * 10007 + n);
      try {
        maker->make(out, name);
        fflush(stdout);
        _exit(0);
      } catch (const Refused& refused) {
        printf("%s cannot be made: %s (%s)\n", name.c_str(), refused.why.c_str(), maker->taken().c_str());
        fflush(stdout);
        _exit(1);
      }
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (status == 0) continue;
    if (WIFSIGNALED(status)) printf("%s: RocksDB died of signal %d\n", name.c_str(), WTERMSIG(status));
    fs::remove_all(out / name);
    fs::remove_all(out / (name + ".work"));
  }
}
