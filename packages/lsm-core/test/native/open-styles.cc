// Opens a database with RocksDB as strictly as it can be opened, every family in a style that is asked for, and shows what is
// in it:  open-styles DIRECTORY compact|look NAME:level|universal|fifo:LEVELS...
// Lines: family TAB key in hex TAB value in hex. Exit 0: nothing to complain about.
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/merge_operator.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

using namespace rocksdb;

static void check(const Status& status, const char* what) {
  if (status.ok()) return;
  fprintf(stderr, "%s: %s\n", what, status.ToString().c_str());
  exit(1);
}

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  DBOptions options;
  options.paranoid_checks = true;
  options.max_open_files = -1;
  options.verify_sst_unique_id_in_manifest = true;
  std::vector<ColumnFamilyDescriptor> families;
  for (int i = 3; i < argc; i++) {
    std::stringstream spec(argv[i]);
    std::string name, style, levels;
    std::getline(spec, name, ':');
    std::getline(spec, style, ':');
    std::getline(spec, levels, ':');
    ColumnFamilyOptions family;
    family.force_consistency_checks = true;
    family.num_levels = atoi(levels.c_str());
    family.disable_auto_compactions = true;
    family.level_compaction_dynamic_level_bytes = false;
    family.compaction_style = style == "universal" ? kCompactionStyleUniversal
                              : style == "fifo"    ? kCompactionStyleFIFO
                                                   : kCompactionStyleLevel;
    check(MergeOperator::CreateFromString(ConfigOptions(), "StringAppendOperator",
                                          &family.merge_operator),
          "merge operator");
    families.emplace_back(name, family);
  }
  std::vector<ColumnFamilyHandle*> handles;
  DB* opened = nullptr;
  check(DB::Open(options, argv[1], families, &handles, &opened), "open");
  std::unique_ptr<DB> db(opened);
  check(db->VerifyChecksum(), "checksums");
  if (std::string(argv[2]) == "compact") {
    for (auto* handle : handles) {
      check(db->Put(WriteOptions(), handle, "zz-by-rocksdb", "1"), "put");
      check(db->Flush(FlushOptions(), handle), "flush");
      CompactRangeOptions range;
      range.bottommost_level_compaction = BottommostLevelCompaction::kForce;
      check(db->CompactRange(range, handle, nullptr, nullptr), "compact");
    }
  }
  for (auto* handle : handles) {
    std::unique_ptr<Iterator> it(db->NewIterator(ReadOptions(), handle));
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      std::string got;
      check(db->Get(ReadOptions(), handle, it->key(), &got), "get");
      if (got != it->value().ToString()) {
        fprintf(stderr, "get and iterator differ\n");
        return 1;
      }
      printf("%s\t%s\t%s\n", handle->GetName().c_str(), it->key().ToString(true).c_str(),
             it->value().ToString(true).c_str());
    }
    check(it->status(), "iterate");
  }
  for (auto* handle : handles) check(db->DestroyColumnFamilyHandle(handle), "handle");
  check(db->Close(), "close");
  return 0;
}
