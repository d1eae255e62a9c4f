// make_kinds OUT-DIR [NAME...]: one database of each kind that random options hardly reach, written by the installed RocksDB, with a description
// that `npm run check:rocksdb -- --dir OUT-DIR` compares it with: odd names and numbers, grids of table options, what is to be refused by
// name, backups of all layouts, directories that repair and checkpoints leave.
// make_kinds live DIR: writes batches, the same number under ten keys of two families each, with flushes, compactions and new MANIFESTs all along,
// until its input ends; prints the last number.
// make_kinds show DIR NAME:COMPARATOR:MERGE...: opens a database for writing, strictly, and prints the contents of the families in JSON.
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <csignal>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "judge.h"

#include "rocksdb/comparator.h"
#include "rocksdb/convenience.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/merge_operator.h"
#include "rocksdb/metadata.h"
#include "rocksdb/options.h"
#include "rocksdb/slice_transform.h"
#include "rocksdb/sst_file_writer.h"
#include "rocksdb/table.h"
#include "rocksdb/table_properties.h"
#include "rocksdb/utilities/backup_engine.h"
#include "rocksdb/utilities/checkpoint.h"
#include "rocksdb/utilities/db_ttl.h"
#include "rocksdb/utilities/table_properties_collectors.h"
#include "rocksdb/wide_columns.h"

using namespace rocksdb;
namespace fs = std::filesystem;

namespace {

struct Family {
  std::string name = "default";
  ColumnFamilyOptions options;
  std::string merge = "none";
};

std::string comparator_of(const ColumnFamilyOptions& options) {
  return options.comparator == BytewiseComparator() ? "bytewise" : options.comparator == ReverseBytewiseComparator() ? "reverse" : "stored";
}

void set_merge(Family* family) {
  std::string merge = family->merge;
  size_t equals = merge.find('=');
  if (equals != std::string::npos) merge = "{id=" + merge.substr(0, equals) + ";delimiter=" + merge.substr(equals + 1) + "}";
  if (merge != "none") need(MergeOperator::CreateFromString(ConfigOptions(), merge, &family->options.merge_operator), merge);
}

/** A database that is written, and the description of what was in it at the end. */
class Made {
 public:
  Made(const fs::path& out, const std::string& name, std::vector<Family> families = {Family()}) : out_(out), name_(name), path_(out / (name + ".work")), families(std::move(families)) {
    options.create_if_missing = true;
    options.create_missing_column_families = true;
    for (Family& family : this->families) set_merge(&family);
  }

  /** What is open stays so until the process ends: it need not end in an orderly way. */
  ~Made() { db.release(); }

  void open() {
    std::vector<ColumnFamilyDescriptor> descriptors;
    for (const Family& family : families) descriptors.emplace_back(family.name, family.options);
    DB* opened = nullptr;
    handles.clear();
    need(DB::Open(options, path_.string(), descriptors, &handles, &opened), "open");
    db.reset(opened);
  }
  void close() {
    for (auto* handle : handles) need(db->DestroyColumnFamilyHandle(handle), "destroy handle");
    handles.clear();
    need(db->Close(), "close");
    db.reset();
  }
  void put(size_t family, const std::string& key, const std::string& value) { need(db->Put(WriteOptions(), handles[family], key, value), "put"); }
  void fill(size_t family, int from, int to, const std::string& mark) {
    for (int n = from; n < to; n++) put(family, key(n), mark + std::to_string(n) + std::string(n % 50, 'v'));
  }
  void flush(size_t family = 0) { need(db->Flush(FlushOptions(), handles[family]), "flush"); }
  static std::string key(int n) {
    char text[32];
    snprintf(text, sizeof text, "key%d/%06d", n % 5, n);
    return text;
  }
  const fs::path& path() const { return path_; }

  /** Copies the database as it lies there, while it is open, and describes it. */
  void finish() {
    need(db->PauseBackgroundWork(), "pause");
    need(db->FlushWAL(true), "flush of the log");
    std::map<std::string, std::string> expected;
    for (size_t f = 0; f < families.size(); f++) expected[families[f].name] = content(db.get(), handles[f]);
    copy(path_);
    describe("db", expected);
  }
  void finish_from(const fs::path& path, const std::map<std::string, std::string>& expected, const std::string& kind = "db", const std::string& more = "") {
    copy(path);
    describe(kind, expected, more);
  }
  std::map<std::string, std::string> contents() {
    std::map<std::string, std::string> expected;
    for (size_t f = 0; f < families.size(); f++) expected[families[f].name] = content(db.get(), handles[f]);
    return expected;
  }
  /** What must be refused by a name that holds `what`. */
  void finish_refused(const std::string& what) {
    need(db->PauseBackgroundWork(), "pause");
    need(db->FlushWAL(true), "flush of the log");
    copy(path_);
    describe("unsupported-db", {}, " \"refusal\": " + json(what) + ",");
  }

  DBOptions options;
  std::unique_ptr<DB> db;
  std::vector<ColumnFamilyHandle*> handles;

 private:
  fs::path out_;
  std::string name_;
  fs::path path_;

  void copy(const fs::path& from) {
    fs::path to = out_ / name_;
    for (const auto& entry : fs::recursive_directory_iterator(from)) {
      std::string file = entry.path().filename().string();
      if (file == "LOCK" || file.rfind("LOG", 0) == 0 || !entry.is_regular_file()) continue;
      fs::path place = to / fs::relative(entry.path(), from);
      fs::create_directories(place.parent_path());
      fs::copy_file(entry.path(), place);
    }
  }
  void describe(const std::string& kind, const std::map<std::string, std::string>& expected, const std::string& more = "") {
    std::string list, contents;
    for (const Family& f : families)
      list += std::string(list.empty() ? "" : ", ") + "{\"name\": " + json(f.name) + ", \"comparator\": \"" + comparator_of(f.options) +
              "\", \"mergeOperator\": " + json(f.merge) + "}";
    for (const auto& [name, text] : expected) contents += (contents.empty() ? "" : ",\n  ") + json(name) + ": " + text;
    std::ofstream(out_ / (name_ + ".json")) << "{\"name\": " << json(name_) << ", \"kind\": " << json(kind) << "," << more << "\n \"columnFamilies\": [" << list
                                          << "]" << (expected.empty() ? "" : ",\n \"expected\": {" + contents + "}") << "}\n";
  }

 public:
  std::vector<Family> families;
};

uint32_t crc32c(const std::string& bytes) {
  uint32_t crc = ~0u;
  for (unsigned char byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc;
}

std::string varint(uint64_t n) {
  std::string out;
  for (; n >= 128; n >>= 7) out += static_cast<char>(n | 128);
  return out + static_cast<char>(n);
}

/** Adds a short record to the MANIFEST of a database that is closed. */
void edit_manifest(const fs::path& path, const std::string& edit) {
  std::string current;
  std::getline(std::ifstream(path / "CURRENT") >> std::ws, current);
  std::string body = std::string(1, 1) + edit;
  uint32_t crc = crc32c(body);
  crc = (crc >> 15 | crc << 17) + 0xa282ead8u;
  std::string record;
  for (int i = 0; i < 4; i++) record += static_cast<char>(crc >> 8 * i);
  record += static_cast<char>(edit.size());
  record += '\0';
  std::ofstream(path / current, std::ios::app | std::ios::binary) << record << body;
}

BlockBasedTableOptions table_options(const std::string& text) {
  BlockBasedTableOptions made;
  need(GetBlockBasedTableOptionsFromString(ConfigOptions(), BlockBasedTableOptions(), text, &made), text);
  return made;
}

void numbers(const fs::path& out, const std::string& name, uint64_t file, uint64_t sequence, bool refused) {
  Made made(out, name);
  made.open();
  made.fill(0, 0, 100, "first");
  made.flush();
  made.close();
  edit_manifest(made.path(), varint(3) + varint(file) + varint(4) + varint(sequence));
  made.open();
  made.fill(0, 50, 150, "second");
  need(made.db->DeleteRange(WriteOptions(), made.handles[0], Made::key(20), Made::key(40)), "delete range");
  made.flush();
  const Snapshot* snapshot = made.db->GetSnapshot();
  made.fill(0, 0, 30, "third");
  made.flush();
  made.db->ReleaseSnapshot(snapshot);
  need(made.db->Delete(WriteOptions(), Made::key(7)), "delete");
  made.fill(0, 145, 160, "fourth");
  if (refused) made.finish_refused("2^53");
  else made.finish();
}

/** Every kind of index with every kind of filter and extractor, a family each. */
void grid(const fs::path& out, const std::string& name, bool reverse) {
  std::vector<Family> families(1);
  for (const char* index : {"kBinarySearch", "kTwoLevelIndexSearch", "kTwoLevelIndexSearch;partition_filters=true", "kBinarySearchWithFirstKey", "kHashSearch"})
    for (int extractor = 0; extractor < 4; extractor++)
      for (const char* filter : {"nullptr", "bloomfilter:8:false", "ribbonfilter:12:-1"})
        for (bool whole : {false, true}) {
          if (extractor == 0 && strcmp(index, "kHashSearch") == 0) continue;
          Family family;
          bool hash = families.size() % 2 == 0;
          int version = 2 + static_cast<int>(families.size() % 4);
          family.name = "grid" + std::to_string(families.size());
          family.options.table_factory.reset(NewBlockBasedTableFactory(table_options(
              std::string("index_type=") + index + ";filter_policy=" + filter + ";whole_key_filtering=" + (whole ? "true" : "false") +
              ";block_size=256;metadata_block_size=100;format_version=" + std::to_string(version) + ";data_block_index_type=" +
              (hash ? "kDataBlockBinaryAndHash" : "kDataBlockBinarySearch") + ";index_block_restart_interval=" + (hash ? "1" : "3") +
              ";enable_index_compression=" + (whole ? "false" : "true") + ";block_align=" + (extractor == 2 ? "true" : "false"))));
          family.options.compression = extractor == 2 ? kNoCompression : kSnappyCompression;
          if (extractor == 1) family.options.prefix_extractor.reset(NewFixedPrefixTransform(4));
          if (extractor == 2) family.options.prefix_extractor.reset(NewCappedPrefixTransform(9));
          if (extractor == 3) family.options.prefix_extractor.reset(NewNoopTransform());
          if (reverse) family.options.comparator = ReverseBytewiseComparator();
          family.options.optimize_filters_for_hits = families.size() % 3 == 0;
          families.push_back(family);
        }
  Made made(out, name, families);
  made.open();
  for (size_t f = 0; f < families.size(); f++) {
    made.fill(f, 0, 120, "a");
    std::string from = Made::key(30), to = Made::key(60);
    need(made.db->DeleteRange(WriteOptions(), made.handles[f], reverse && f > 0 ? to : from, reverse && f > 0 ? from : to), "delete range");
    made.flush(f);
    CompactRangeOptions range;
    range.bottommost_level_compaction = BottommostLevelCompaction::kForce;
    if (f % 2 == 0) need(made.db->CompactRange(range, made.handles[f], nullptr, nullptr), "compact");
    made.fill(f, 100, 140, "b");
    made.flush(f);
    made.fill(f, 130, 145, "c");
  }
  made.finish();
}

/** Every compression with every kind of dictionary, a family each; values that repeat each other. */
void dictionaries(const fs::path& out) {
  std::vector<Family> families(1);
  for (CompressionType type : {kZlibCompression, kBZip2Compression, kLZ4Compression, kLZ4HCCompression, kZSTD})
    for (int kind = 0; kind < 5; kind++) {
      Family family;
      family.name = "dictionary" + std::to_string(families.size());
      family.options.compression = type;
      CompressionOptions& o = family.options.compression_opts;
      o.max_dict_bytes = kind == 4 ? 100000 : 4096;
      if (kind == 1) o.zstd_max_train_bytes = 65536;
      if (kind == 2) o.max_dict_buffer_bytes = 1;
      if (kind == 3) o.zstd_max_train_bytes = 65536, o.use_zstd_dict_trainer = false, o.parallel_threads = 2;
      family.options.bottommost_compression = kind == 4 ? kZSTD : kDisableCompressionOption;
      family.options.table_factory.reset(NewBlockBasedTableFactory(table_options("block_size=500;verify_compression=true")));
      families.push_back(family);
    }
  Made made(out, "kind-dictionaries", families);
  made.open();
  for (size_t f = 0; f < families.size(); f++) {
    for (int n = 0; n < 1500; n++)
      made.put(f, Made::key(n), "{\"customer\": " + std::to_string(n % 70) + ", \"currency\": \"EUR\", \"state\": \"" + (n % 3 ? "open" : "paid") + "\", \"n\": " + std::to_string(n * 7919 % 10007) + "}");
    made.flush(f);
    if (f % 2 == 0) need(made.db->CompactRange(CompactRangeOptions(), made.handles[f], nullptr, nullptr), "compact");
  }
  made.finish();
}

/** Properties that users collect, with names and values that are not text. */
class OddCollector : public TablePropertiesCollector {
 public:
  Status AddUserKey(const Slice&, const Slice&, EntryType, SequenceNumber, uint64_t) override { return Status::OK(); }
  Status Finish(UserCollectedProperties* properties) override {
    (*properties)["0"] = std::string("\0\xff\x80", 3);
    (*properties)["rocksdb.zz.unknown"] = std::string(5000, '\xff');
    (*properties)["\xff\xfe" "name"] = "";
    (*properties)["zz"] = std::string(100000, 'z');
    return Status::OK();
  }
  UserCollectedProperties GetReadableProperties() const override { return {}; }
  const char* Name() const override { return "Odd"; }
};
class OddFactory : public TablePropertiesCollectorFactory {
 public:
  TablePropertiesCollector* CreateTablePropertiesCollector(TablePropertiesCollectorFactory::Context) override { return new OddCollector; }
  const char* Name() const override { return "OddFactory"; }
};

class ByLength : public Comparator {
 public:
  int Compare(const Slice& a, const Slice& b) const override { return a.size() != b.size() ? (a.size() < b.size() ? -1 : 1) : a.compare(b); }
  const char* Name() const override { return "judge.ByLength"; }
  void FindShortestSeparator(std::string*, const Slice&) const override {}
  void FindShortSuccessor(std::string*) const override {}
};

/** As newer releases have it built in: newer times sort first. */
class Timed : public Comparator {
 public:
  Timed() : Comparator(8) {}
  int Compare(const Slice& a, const Slice& b) const override {
    int order = CompareWithoutTimestamp(a, true, b, true);
    return order != 0 ? order : CompareTimestamp(Slice(b.data() + b.size() - 8, 8), Slice(a.data() + a.size() - 8, 8));
  }
  int CompareTimestamp(const Slice& a, const Slice& b) const override {
    uint64_t x, y;
    memcpy(&x, a.data(), 8);
    memcpy(&y, b.data(), 8);
    return x < y ? -1 : x > y;
  }
  int CompareWithoutTimestamp(const Slice& a, bool a_has, const Slice& b, bool b_has) const override {
    return Slice(a.data(), a.size() - (a_has ? 8 : 0)).compare(Slice(b.data(), b.size() - (b_has ? 8 : 0)));
  }
  const char* Name() const override { return "leveldb.BytewiseComparator.u64ts"; }
  void FindShortestSeparator(std::string*, const Slice&) const override {}
  void FindShortSuccessor(std::string*) const override {}
};

void backups(const fs::path& out, const std::string& name, int schema, BackupEngineOptions::ShareFilesNaming naming, bool shared, bool flush) {
  Made made(out, name, {Family(), Family{"other", {}, "uint64add"}});
  made.open();
  fs::path place = out / (name + ".backups");
  BackupEngineOptions options(place.string());
  options.schema_version = schema;
  options.share_files_with_checksum_naming = naming;
  options.share_table_files = shared;
  options.share_files_with_checksum = shared;
  options.max_background_operations = 2;
  BackupEngine* engine = nullptr;
  need(BackupEngine::Open(Env::Default(), options, &engine), "backup engine");
  std::unique_ptr<BackupEngine> holder(engine);
  std::string every;
  std::map<std::string, std::string> expected;
  for (int n = 1; n <= 3; n++) {
    made.fill(0, n * 30, n * 80, "round" + std::to_string(n));
    need(made.db->Merge(WriteOptions(), made.handles[1], "sum", std::string("\x05\0\0\0\0\0\0\0", 8)), "merge");
    if (n < 3) made.flush(0);
    CreateBackupOptions create;
    create.flush_before_backup = flush;
    need(engine->CreateNewBackupWithMetadata(create, made.db.get(), n == 2 ? std::string("note\n\0\xff", 7) : ""), "backup");
    expected = made.contents();
    std::string one;
    for (const auto& [family, text] : expected) one += (one.empty() ? "" : ", ") + json(family) + ": " + text;
    every += (every.empty() ? "" : ",\n  ") + json(std::to_string(n)) + ": {" + one + "}";
  }
  made.finish_from(place, expected, "backup", " \"byBackup\": {" + every + "},");
  fs::remove_all(place);
}

using Kinds = std::vector<std::pair<std::string, std::function<void(const fs::path&)>>>;

Kinds kinds() {
  Kinds all;
  auto kind = [&](const std::string& name, std::function<void(const fs::path&)> make) { all.emplace_back("kind-" + name, std::move(make)); };
  kind("numbers-of-seven-digits", [](const fs::path& out) { numbers(out, "kind-numbers-of-seven-digits", 1234567, 1ull << 24, false); });
  kind("numbers-of-48-bits", [](const fs::path& out) { numbers(out, "kind-numbers-of-48-bits", 1ull << 48, (1ull << 53) - 1000, false); });
  kind("sequences-beyond-2-53", [](const fs::path& out) { numbers(out, "kind-sequences-beyond-2-53", 100, (1ull << 53) + 5, true); });
  kind("sequences-end", [](const fs::path& out) { numbers(out, "kind-sequences-end", 100, (1ull << 56) - 10000, true); });
  kind("sequences-beyond-2-53-in-the-log", [](const fs::path& out) {
    Made made(out, "kind-sequences-beyond-2-53-in-the-log");
    made.open();
    made.close();
    edit_manifest(made.path(), varint(4) + varint((1ull << 53) - 40));
    made.open();
    WriteBatch batch;
    for (int n = 0; n < 100; n++) need(batch.Put(made.key(n), "v"), "put");
    need(made.db->Write(WriteOptions(), &batch), "write");
    made.finish_refused("2^53");
  });
  kind("sequences-beyond-2-53-in-a-table", [](const fs::path& out) {
    Made made(out, "kind-sequences-beyond-2-53-in-a-table");
    made.open();
    made.close();
    edit_manifest(made.path(), varint(4) + varint((1ull << 53) - 40));
    made.open();
    const Snapshot* snapshot = made.db->GetSnapshot();
    made.fill(0, 0, 100, "v");
    made.flush();
    made.db->ReleaseSnapshot(snapshot);
    made.finish_refused("2^53");
  });
  kind("files-beyond-2-53", [](const fs::path& out) { numbers(out, "kind-files-beyond-2-53", (1ull << 60) + 7, 500, true); });
  kind("grid", [](const fs::path& out) { grid(out, "kind-grid", false); });
  kind("grid-reverse", [](const fs::path& out) { grid(out, "kind-grid-reverse", true); });
  kind("dictionaries", dictionaries);
  kind("families-with-odd-names", [](const fs::path& out) {
    std::vector<Family> families(1);
    for (const char* name : {"with space ", "\"quoted\"", "back\\slash", "]", "[CFOptions \"x\"]", "#comment", "a=b;c:d", "two\nlines", "\xc3\xa9t\xc3\xa9", "{x}", "\\#", "cr\r"}) {
      Family family;
      family.name = name;
      if (families.size() % 3 == 0) family.options.comparator = ReverseBytewiseComparator();
      if (families.size() % 3 == 1) family.merge = "stringappend=#";
      families.push_back(family);
    }
    families.emplace_back();
    families.back().name = std::string(3000, 'n');
    Made made(out, "kind-families-with-odd-names", families);
    made.open();
    for (size_t f = 0; f < families.size(); f++) {
      made.fill(f, 0, 20, "x");
      if (f % 2) made.flush(f);
      made.fill(f, 10, 30, "y");
      if (families[f].merge != "none") need(made.db->Merge(WriteOptions(), made.handles[f], Made::key(3), "more"), "merge");
    }
    made.finish();
  });
  kind("families-dropped-in-use", [](const fs::path& out) {
    Made made(out, "kind-families-dropped-in-use", {Family(), Family{"stays", {}, "none"}, Family{"goes", {}, "none"}, Family{"goes too", {}, "none"}});
    made.open();
    for (int round = 0; round < 3; round++) {
      for (size_t f = 0; f < 4; f++) {
        made.fill(f, round * 10, 50, "r" + std::to_string(round));
        if (round < 2) made.flush(f);
      }
    }
    std::unique_ptr<Iterator> held(made.db->NewIterator(ReadOptions(), made.handles[2]));
    held->SeekToFirst();
    for (size_t f : {2u, 3u}) need(made.db->DropColumnFamily(made.handles[f]), "drop");
    made.fill(0, 45, 60, "after");
    made.fill(1, 40, 55, "after");
    made.families.resize(2);
    made.finish();
    held.release();
  });
  kind("mixed-formats", [](const fs::path& out) {
    Made made(out, "kind-mixed-formats");
    made.families[0].options.disable_auto_compactions = true;
    made.families[0].options.level0_slowdown_writes_trigger = made.families[0].options.level0_stop_writes_trigger = 1000;
    for (int round = 0; round < 24; round++) {
      const char* checksums[] = {"kNoChecksum", "kCRC32c", "kxxHash", "kxxHash64", "kXXH3"};
      CompressionType types[] = {kNoCompression, kSnappyCompression, kZlibCompression, kBZip2Compression, kLZ4Compression, kLZ4HCCompression, kZSTD};
      made.families[0].options.compression = types[round % 7];
      made.families[0].options.table_factory.reset(NewBlockBasedTableFactory(
          table_options(std::string("checksum=") + checksums[round % 5] + ";format_version=" + std::to_string(2 + round % 4) + ";filter_policy=" + (round % 3 ? "bloomfilter:10:false" : "nullptr"))));
      made.open();
      made.fill(0, round * 7, round * 7 + 60, "round" + std::to_string(round));
      need(made.db->DeleteRange(WriteOptions(), made.handles[0], Made::key(round * 11), Made::key(round * 11 + 5)), "delete range");
      made.flush();
      if (round < 23) made.close();
    }
    made.finish();
  });
  kind("levels-of-operands", [](const fs::path& out) {
    Made made(out, "kind-levels-of-operands", {Family(), Family{"sums", {}, "uint64add"}, Family{"texts", {}, "stringappend=|"}, Family{"most", {}, "max"}});
    for (Family& family : made.families) family.options.disable_auto_compactions = true, family.options.max_successive_merges = 2;
    made.open();
    for (int level = 6; level >= 0; level--)
      for (size_t f = 1; f < 4; f++) {
        for (int n = level; n < 60; n += 1 + level) need(made.db->Merge(WriteOptions(), made.handles[f], Made::key(n), std::string(1, static_cast<char>(n + 1)) + std::string(7, '\0')), "merge");
        if (level == 3) need(made.db->DeleteRange(WriteOptions(), made.handles[f], Made::key(10), Made::key(25)), "delete range");
        if (level == 4) made.put(f, Made::key(12), std::string(8, '\1'));
        made.flush(f);
        if (level == 0) continue;
        ColumnFamilyMetaData meta;
        made.db->GetColumnFamilyMetaData(made.handles[f], &meta);
        std::vector<std::string> inputs;
        for (const auto& file : meta.levels[0].files) inputs.push_back(file.name);
        need(made.db->CompactFiles(CompactionOptions(), made.handles[f], inputs, level), "compact files");
      }
    for (size_t f = 1; f < 4; f++) need(made.db->Merge(WriteOptions(), made.handles[f], Made::key(12), std::string(8, '\2')), "merge");
    made.finish();
  });
  kind("repaired", [](const fs::path& out) {
    Made made(out, "kind-repaired", {Family(), Family{"other", {}, "none"}});
    made.open();
    for (size_t f = 0; f < 2; f++) {
      made.fill(f, 0, 100, "a");
      made.flush(f);
      need(made.db->DeleteRange(WriteOptions(), made.handles[f], Made::key(10), Made::key(20)), "delete range");
      made.fill(f, 50, 150, "b");
      if (f == 0) made.flush(f);
    }
    made.close();
    for (const auto& entry : fs::directory_iterator(made.path()))
      if (entry.path().filename().string().rfind("MANIFEST", 0) == 0) fs::remove(entry.path());
    need(RepairDB(made.path().string(), made.options, {{"default", made.families[0].options}, {"other", made.families[1].options}}), "repair");
    made.open();
    made.fill(1, 140, 160, "after");
    made.finish();
  });
  kind("ingested-together", [](const fs::path& out) {
    Made made(out, "kind-ingested-together", {Family(), Family{"other", {}, "stringappend"}});
    made.open();
    made.fill(0, 0, 50, "before");
    made.fill(1, 0, 50, "before");
    made.flush(0);
    std::vector<IngestExternalFileArg> args;
    for (size_t f = 0; f < 2; f++) {
      IngestExternalFileArg arg;
      arg.column_family = made.handles[f];
      for (int file = 0; file < 3; file++) {
        fs::path path = out / ("table" + std::to_string(f) + std::to_string(file) + ".sst.work");
        SstFileWriter writer(EnvOptions(), Options(made.options, made.families[f].options), made.handles[f]);
        need(writer.Open(path.string()), "open");
        // The third overlaps the others.
        for (int n = 0; n < 40; n++) {
          char key[32];
          snprintf(key, sizeof key, "key%d/%06d", file == 2 ? 1 : file * 2, n * 3 + file);
          need(f == 1 && n % 4 == 0 ? writer.Merge(key, "ingested") : writer.Put(key, "ingested" + std::to_string(file)), "put");
        }
        need(writer.DeleteRange("key" + std::to_string(file) + "/000060", "key" + std::to_string(file) + "/000070"), "delete range");
        need(writer.Finish(), "finish");
        arg.external_files.push_back(path.string());
      }
      arg.options.move_files = true;
      args.push_back(arg);
    }
    need(made.db->IngestExternalFiles(args), "ingest");
    made.fill(0, 45, 55, "after");
    made.finish();
    for (const auto& arg : args)
      for (const auto& file : arg.external_files) fs::remove(file);
  });
  kind("wide-columns", [](const fs::path& out) {
    Made made(out, "kind-wide-columns");
    made.open();
    made.fill(0, 0, 30, "plain");
    auto entity = [&](int n, const WideColumns& columns) { need(made.db->PutEntity(WriteOptions(), made.handles[0], Made::key(n), columns), "put entity"); };
    for (int n = 0; n < 60; n += 4) entity(n, {{"only", "named"}, {"others", std::string(300, 'x')}});
    for (int n = 1; n < 60; n += 4) entity(n, {});
    made.flush();
    for (int n = 2; n < 60; n += 4) entity(n, {{kDefaultWideColumnName, ""}, {"a", ""}, {std::string("\0", 1), "zero"}});
    for (int n = 3; n < 60; n += 8) entity(n, {{kDefaultWideColumnName, std::string(5000, 'd')}});
    made.finish();
  });
  kind("times-to-live-opened-plainly", [](const fs::path& out) {
    Made made(out, "kind-times-to-live-opened-plainly");
    DBWithTTL* timed = nullptr;
    Options options(made.options, made.families[0].options);
    need(DBWithTTL::Open(options, made.path().string(), &timed, 100000), "open");
    for (int n = 0; n < 100; n++) {
      need(timed->Put(WriteOptions(), Made::key(n), std::string(n, 't')), "put");
      if (n == 60) need(timed->Flush(FlushOptions()), "flush");
    }
    delete timed;
    made.open();
    made.finish();
  });
  for (bool flushed : {false, true}) {
    std::string name = flushed ? "checkpoint-flushed" : "checkpoint-with-logs";
    kind(name, [flushed, name](const fs::path& out) {
      Made made(out, "kind-" + name, {Family(), Family{"other", {}, "none"}});
      made.options.max_manifest_file_size = 1000;
      made.open();
      for (int round = 0; round < 4; round++) {
        made.fill(0, round * 20, round * 20 + 50, "r" + std::to_string(round));
        made.fill(1, round * 30, round * 30 + 50, "r" + std::to_string(round));
        if (round < 3) made.flush(round % 2);
      }
      Checkpoint* checkpoint = nullptr;
      need(Checkpoint::Create(made.db.get(), &checkpoint), "checkpoint");
      std::unique_ptr<Checkpoint> holder(checkpoint);
      fs::path place = out / (name + ".checkpoint");
      uint64_t sequence = 0;
      need(checkpoint->CreateCheckpoint(place.string(), flushed ? 0 : 1ull << 40, &sequence), "create");
      auto expected = made.contents();
      made.fill(0, 0, 200, "later");
      made.flush();
      made.finish_from(place, expected);
      fs::remove_all(place);
    });
  }
  kind("backups-layout-1", [](const fs::path& out) { backups(out, "kind-backups-layout-1", 1, BackupEngineOptions::kUseDbSessionId, true, false); });
  kind("backups-layout-2", [](const fs::path& out) { backups(out, "kind-backups-layout-2", 2, static_cast<BackupEngineOptions::ShareFilesNaming>(BackupEngineOptions::kUseDbSessionId | BackupEngineOptions::kFlagIncludeFileSize), true, true); });
  kind("backups-named-by-checksum", [](const fs::path& out) { backups(out, "kind-backups-named-by-checksum", 2, BackupEngineOptions::kLegacyCrc32cAndFileSize, true, false); });
  kind("backups-shared-nothing", [](const fs::path& out) { backups(out, "kind-backups-shared-nothing", 1, BackupEngineOptions::kUseDbSessionId, false, true); });
  kind("comparator-unknown", [](const fs::path& out) {
    static ByLength order;
    Made made(out, "kind-comparator-unknown");
    made.families[0].options.comparator = &order;
    made.open();
    made.fill(0, 0, 20, "x");
    made.flush();
    made.finish_refused("judge.ByLength");
  });
  kind("timestamps", [](const fs::path& out) {
    static Timed order;
    Made made(out, "kind-timestamps", {Family(), Family{"timed", {}, "none"}});
    made.families[1].options.comparator = &order;
    made.open();
    made.fill(0, 0, 20, "x");
    for (int n = 0; n < 40; n++) {
      std::string time(8, '\0');
      time[0] = static_cast<char>(n);
      need(made.db->Put(WriteOptions(), made.handles[1], Made::key(n % 10), time, "at" + std::to_string(n)), "put");
      if (n == 20) made.flush(1);
    }
    made.finish_refused("timestamps");
  });
  kind("plain-table", [](const fs::path& out) {
    Made made(out, "kind-plain-table");
    made.families[0].options.table_factory.reset(NewPlainTableFactory());
    made.families[0].options.prefix_extractor.reset(NewFixedPrefixTransform(4));
    made.open();
    made.fill(0, 0, 20, "x");
    made.flush();
    made.finish_refused("table");
  });
  kind("cuckoo-table", [](const fs::path& out) {
    Made made(out, "kind-cuckoo-table");
    made.options.allow_mmap_reads = true;
    made.families[0].options.table_factory.reset(NewCuckooTableFactory());
    made.open();
    for (int n = 0; n < 20; n++) made.put(0, Made::key(n), "value678");
    made.flush();
    made.finish_refused("table");
  });
  kind("merge-operator-unknown", [](const fs::path& out) {
    Made made(out, "kind-merge-operator-unknown");
    need(MergeOperator::CreateFromString(ConfigOptions(), "sortlist", &made.families[0].options.merge_operator), "sortlist");
    made.open();
    need(made.db->Merge(WriteOptions(), "a", "1,5"), "merge");
    made.flush();
    need(made.db->Merge(WriteOptions(), "a", "2,3"), "merge");
    made.finish_refused("merge operator");
  });
  kind("properties-collected", [](const fs::path& out) {
    Made made(out, "kind-properties-collected");
    made.families[0].options.table_properties_collector_factories = {std::make_shared<OddFactory>(), NewCompactOnDeletionCollectorFactory(10, 5)};
    made.open();
    for (int round = 0; round < 5; round++) {
      made.fill(0, round * 10, 100, "r" + std::to_string(round));
      for (int n = 0; n < 30; n++) need(made.db->SingleDelete(WriteOptions(), "none" + std::to_string(n)), "single delete");
      made.flush();
    }
    made.finish();
  });
  kind("ranges-deleted-alone", [](const fs::path& out) {
    Made made(out, "kind-ranges-deleted-alone");
    made.families[0].options.disable_auto_compactions = true;
    made.families[0].options.table_factory.reset(NewBlockBasedTableFactory(table_options("filter_policy=bloomfilter:10:false;index_type=kTwoLevelIndexSearch;partition_filters=true")));
    made.open();
    std::vector<const Snapshot*> snapshots;
    made.fill(0, 0, 300, "a");
    made.flush();
    need(made.db->CompactRange(CompactRangeOptions(), nullptr, nullptr), "compact");
    for (int round = 0; round < 10; round++) {
      snapshots.push_back(made.db->GetSnapshot());
      std::string from = Made::key(round * 20), to = Made::key(round * 33);
      need(made.db->DeleteRange(WriteOptions(), made.handles[0], std::min(from, to), std::max(from, to)), "delete range");
      need(made.db->DeleteRange(WriteOptions(), made.handles[0], "nothing", "nothing here"), "delete range");
      made.flush();
      if (round == 4) need(made.db->CompactRange(CompactRangeOptions(), nullptr, nullptr), "compact");
    }
    made.finish();
  });
  kind("manifest-of-long-records", [](const fs::path& out) {
    Made made(out, "kind-manifest-of-long-records");
    ColumnFamilyOptions& o = made.families[0].options;
    o.target_file_size_base = 1;
    o.table_factory.reset(NewBlockBasedTableFactory(table_options("block_size=1;filter_policy=bloomfilter:10:false")));
    made.open();
    for (int n = 0; n < 250; n++) made.put(0, Made::key(n) + std::string(900, 'k') + std::to_string(n), "v");
    made.flush();
    CompactRangeOptions range;
    range.bottommost_level_compaction = BottommostLevelCompaction::kForce;
    need(made.db->CompactRange(range, nullptr, nullptr), "compact");
    made.close();
    made.open();
    made.fill(0, 0, 10, "x");
    made.finish();
  });
  kind("logs-archived-and-litter", [](const fs::path& out) {
    Made made(out, "kind-logs-archived-and-litter");
    made.options.WAL_ttl_seconds = 100000;
    made.open();
    for (int round = 0; round < 4; round++) {
      made.fill(0, round * 10, round * 10 + 40, "r" + std::to_string(round));
      if (round < 3) made.flush();
    }
    for (const char* name : {"000003.sst.trash", "999999.sst.trash", "000900.dbtmp", "OPTIONS-000900.dbtmp", "METADB-1", "000000.log.trash", "MANIFEST", "MANIFEST-", "MANIFEST-000002.old", "x.sst", "00001x.log", "notes.txt", "18446744073709551616.sst", "18446744073709551616.log"})
      std::ofstream(made.path() / name) << "litter";
    fs::create_directory(made.path() / "lost");
    std::ofstream(made.path() / "lost" / "000001.sst") << "lost";
    made.finish();
  });
  kind("without-options-and-identity", [](const fs::path& out) {
    Made made(out, "kind-without-options-and-identity", {Family(), Family{"other", {}, "uint64add"}});
    made.families[1].options.comparator = ReverseBytewiseComparator();
    made.open();
    made.fill(0, 0, 50, "x");
    made.flush();
    made.fill(1, 0, 50, "y");
    for (const auto& entry : fs::directory_iterator(made.path())) {
      std::string name = entry.path().filename().string();
      if (name.rfind("OPTIONS", 0) == 0 || name == "IDENTITY") fs::remove(entry.path());
    }
    made.finish();
  });
  kind("tables-elsewhere", [](const fs::path& out) {
    Made made(out, "kind-tables-elsewhere");
    made.options.db_paths = {{made.path().string(), 1}, {(out / "kind-tables-elsewhere.two.work").string(), 1 << 30}};
    made.open();
    made.fill(0, 0, 50, "x");
    made.flush();
    CompactRangeOptions range;
    range.bottommost_level_compaction = BottommostLevelCompaction::kForce;
    range.target_path_id = 1;
    need(made.db->CompactRange(range, nullptr, nullptr), "compact");
    made.finish_refused("director");
  });
  kind("levels-moved", [](const fs::path& out) {
    Made made(out, "kind-levels-moved");
    made.families[0].options.num_levels = 30;
    made.open();
    made.fill(0, 0, 100, "x");
    made.flush();
    CompactRangeOptions range;
    range.change_level = true;
    range.target_level = 29;
    need(made.db->CompactRange(range, nullptr, nullptr), "compact");
    made.fill(0, 80, 120, "y");
    made.flush();
    made.finish();
  });
  return all;
}

int live(const std::string& path) {
  DBOptions options;
  options.create_if_missing = options.create_missing_column_families = true;
  options.max_manifest_file_size = 1000;
  std::vector<ColumnFamilyDescriptor> descriptors = {{"default", {}}, {"other", {}}};
  for (auto& descriptor : descriptors) {
    descriptor.options.level0_file_num_compaction_trigger = 2;
    descriptor.options.target_file_size_base = 3000;
  }
  std::vector<ColumnFamilyHandle*> handles;
  DB* opened = nullptr;
  need(DB::Open(options, path, descriptors, &handles, &opened), "open");
  std::unique_ptr<DB> db(opened);
  printf("open\n");
  fflush(stdout);
  uint64_t n = 0;
  pollfd input = {0, POLLIN, 0};
  while (poll(&input, 1, 0) == 0) {
    n++;
    WriteBatch batch;
    for (auto* handle : handles)
      for (int key = 0; key < 10; key++) need(batch.Put(handle, Made::key(key), std::to_string(n) + " " + std::string(n % 90, 'x')), "put");
    need(batch.Put(handles[n % 2], "row" + Made::key(static_cast<int>(n % 500)), std::to_string(n)), "put");
    need(db->Write(WriteOptions(), &batch), "write");
    if (n % 100 == 0) need(db->Flush(FlushOptions(), handles[n / 100 % 2]), "flush");
    if (n % 1000 == 0) need(db->CompactRange(CompactRangeOptions(), handles[0], nullptr, nullptr), "compact");
    usleep(1000);
  }
  printf("%llu\n", (unsigned long long)n);
  fflush(stdout);
  _exit(0);
}

int show(int argc, char** argv) {
  std::vector<ColumnFamilyDescriptor> descriptors;
  std::vector<Family> families;
  for (int i = 3; i < argc; i++) {
    std::string spec = argv[i];
    size_t merge = spec.rfind(':'), comparator = spec.rfind(':', merge - 1);
    Family family;
    family.name = spec.substr(0, comparator);
    family.merge = spec.substr(merge + 1);
    set_merge(&family);
    if (spec.substr(comparator + 1, merge - comparator - 1) == "reverse") family.options.comparator = ReverseBytewiseComparator();
    family.options.num_levels = 30;
    descriptors.emplace_back(family.name, family.options);
  }
  DBOptions options;
  options.paranoid_checks = true;
  options.max_open_files = -1;
  options.verify_sst_unique_id_in_manifest = true;
  std::vector<ColumnFamilyHandle*> handles;
  DB* opened = nullptr;
  need(DB::Open(options, argv[2], descriptors, &handles, &opened), "open");
  std::unique_ptr<DB> db(opened);
  need(db->VerifyChecksum(), "checksums");
  std::string text;
  for (auto* handle : handles) text += (text.empty() ? "" : ",\n") + json(handle->GetName()) + ": " + content(db.get(), handle);
  printf("{%s}\n", text.c_str());
  for (auto* handle : handles) need(db->DestroyColumnFamilyHandle(handle), "handle");
  need(db->Close(), "close");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: make_kinds OUT-DIR [NAME...]\n");
    return 2;
  }
  if (argc > 2 && (strcmp(argv[1], "show") == 0 || strcmp(argv[1], "live") == 0)) {
    try {
      return strcmp(argv[1], "live") == 0 ? live(argv[2]) : show(argc, argv);
    } catch (const Refused& refused) {
      fprintf(stderr, "%s\n", refused.why.c_str());
      return 1;
    }
  }
  fs::path out = fs::absolute(argv[1]);
  fs::create_directories(out);
  int failed = 0;
  for (const auto& [name, make] : kinds()) {
    if (argc > 2 && std::find(argv + 2, argv + argc, name) == argv + argc) continue;
    // Each in a process of its own: RocksDB dies of some things instead of refusing them.
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      alarm(15);
      try {
        make(out);
        _exit(0);
      } catch (const Refused& refused) {
        printf("%s cannot be made: %s\n", name.c_str(), refused.why.c_str());
      } catch (const std::exception& error) {
        printf("%s cannot be made: %s\n", name.c_str(), error.what());
      }
      fflush(stdout);
      _exit(1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) printf("%s: RocksDB died of signal %d\n", name.c_str(), WTERMSIG(status));
    if (status != 0) failed++, fs::remove_all(out / name), fs::remove(out / (name + ".json"));
    for (const auto& entry : fs::directory_iterator(out))
      if (entry.path().string().find(".work") != std::string::npos) fs::remove_all(entry.path());
  }
  return failed > 0 ? 1 : 0;
}
