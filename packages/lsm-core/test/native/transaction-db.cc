// RocksDB's TransactionDB as a judge of two-phase commit.
//
//   transaction-db list DIR              names of prepared transactions, then every pair of every family
//   transaction-db decide DIR NAME...    commits the first name, rolls the others back
//   transaction-db make DIR              prepares "one" and "two", commits "three", and dies
//
// Build: g++ -std=c++17 -o transaction-db transaction-db.cc -lrocksdb
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "rocksdb/db.h"
#include "rocksdb/utilities/transaction.h"
#include "rocksdb/utilities/transaction_db.h"

using namespace ROCKSDB_NAMESPACE;

static void Check(const Status& status, const char* what) {
  if (status.ok()) return;
  fprintf(stderr, "FAIL %s: %s\n", what, status.ToString().c_str());
  _exit(1);
}

static void Prepare(TransactionDB* db, const std::string& name, ColumnFamilyHandle* other) {
  Transaction* transaction = db->BeginTransaction(WriteOptions());
  Check(transaction->SetName(name), "name");
  Check(transaction->Put("key of " + name, "value of " + name), "put");
  Check(transaction->Put(other, "key of " + name, "other of " + name), "put");
  Check(transaction->Prepare(), "prepare");
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const std::string mode = argv[1];
  const std::string path = argv[2];
  Options options;
  options.paranoid_checks = true;
  options.create_if_missing = mode == "make";
  options.create_missing_column_families = mode == "make";
  std::vector<std::string> names{"default", "other"};
  if (mode != "make") Check(DB::ListColumnFamilies(options, path, &names), "list families");
  std::vector<ColumnFamilyDescriptor> families;
  for (const auto& name : names) families.emplace_back(name, ColumnFamilyOptions());
  std::vector<ColumnFamilyHandle*> handles;
  TransactionDB* db = nullptr;
  Check(TransactionDB::Open(options, TransactionDBOptions(), path, families, &handles, &db),
        "open");
  if (mode == "make") {
    for (const char* name : {"one", "two", "three"}) Prepare(db, name, handles[1]);
    Check(db->GetTransactionByName("three")->Commit(), "commit");
    Check(db->Put(WriteOptions(), "plain", "write"), "put");
    Check(db->FlushWAL(true), "sync");
    _exit(0);
  }
  if (mode == "decide") {
    for (int i = 3; i < argc; i++) {
      Transaction* transaction = db->GetTransactionByName(argv[i]);
      if (transaction == nullptr) Check(Status::NotFound(argv[i]), "find transaction");
      Check(i == 3 ? transaction->Commit() : transaction->Rollback(), "decide");
      delete transaction;
    }
  }
  std::vector<Transaction*> prepared;
  db->GetAllPreparedTransactions(&prepared);
  for (Transaction* transaction : prepared) printf("prepared\t%s\n", transaction->GetName().c_str());
  for (ColumnFamilyHandle* handle : handles) {
    Iterator* iterator = db->NewIterator(ReadOptions(), handle);
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
      printf("%s\t%s\t%s\n", handle->GetName().c_str(), iterator->key().ToString().c_str(),
             iterator->value().ToString().c_str());
    }
    Check(iterator->status(), "iterate");
    delete iterator;
  }
  fflush(stdout);
  for (ColumnFamilyHandle* handle : handles) delete handle;
  delete db;
  return 0;
}
