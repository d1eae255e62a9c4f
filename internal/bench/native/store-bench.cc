// The rows of the store benchmark against RocksDB itself, one thread: `store-bench WORKLOAD DIRECTORY ENTRIES [fill]`.
// Prints one line of JSON. Same keys, values, orders of magnitude and options as the engines that run inside Node.
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

using rocksdb::Slice;

namespace {

const int kValues = 1000;

void check(const rocksdb::Status& status) {
  if (status.ok()) return;
  fprintf(stderr, "%s\n", status.ToString().c_str());
  exit(1);
}

void fail(const char* what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

struct Key {
  char bytes[17];
  Slice at(int64_t i) {
    for (int p = 15; p >= 0; p--, i /= 10) bytes[p] = '0' + i % 10;
    return Slice(bytes, 16);
  }
};

std::vector<int32_t> permutation(int64_t n, int seed) {
  std::vector<int32_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::mt19937_64 random(seed);
  for (int64_t i = n - 1; i > 0; i--) std::swap(order[i], order[random() % (i + 1)]);
  return order;
}

std::vector<std::string> values(int bytes) {
  std::mt19937 random(7);
  std::vector<std::string> result(kValues, std::string(bytes, 'v'));
  for (auto& value : result)
    for (int i = 0; i < bytes / 2; i++) value[i] = random() & 255;
  return result;
}

std::vector<int64_t> zipfian(int64_t n, int64_t count) {
  const double theta = 0.99;
  double zeta = 0;
  for (int64_t i = 1; i <= n; i++) zeta += 1 / std::pow(i, theta);
  const double alpha = 1 / (1 - theta);
  const double zeta2 = 1 + std::pow(0.5, theta);
  const double eta = (1 - std::pow(2.0 / n, 1 - theta)) / (1 - zeta2 / zeta);
  std::mt19937_64 random(12);
  std::uniform_real_distribution<double> unit(0, 1);
  std::vector<int64_t> draws(count);
  for (auto& draw : draws) {
    const double u = unit(random), uz = u * zeta;
    int64_t rank = uz < 1 ? 0 : uz < zeta2 ? 1 : int64_t(n * std::pow(eta * u - eta + 1, alpha));
    if (rank >= n) rank = n - 1;
    draw = (uint32_t(rank) * 0x9e3779b1u) % n;
  }
  return draws;
}

struct Bench {
  rocksdb::DB* db = nullptr;
  int64_t n = 0;
  rocksdb::WriteOptions write;
  rocksdb::ReadOptions read;
  Key key;
  std::string found;

  int64_t puts(const std::function<int64_t(int64_t)>& at, int bytes) {
    const auto data = values(bytes);
    for (int64_t i = 0; i < n; i++) check(db->Put(write, key.at(at(i)), data[i % kValues]));
    return n;
  }
  int64_t batches(const std::vector<int32_t>& order, int size, int bytes) {
    const auto data = values(bytes);
    rocksdb::WriteBatch batch;
    for (size_t i = 0; i < order.size();) {
      batch.Clear();
      for (const size_t end = std::min(order.size(), i + size); i < end; i++)
        batch.Put(key.at(order[i]), data[i % kValues]);
      check(db->Write(write, &batch));
    }
    return order.size();
  }
  int64_t gets(int seed, size_t bytes) {
    for (const int32_t i : permutation(n, seed)) {
      check(db->Get(read, key.at(i), &found));
      if (found.size() != bytes) fail("wrong value");
    }
    return n;
  }
  int64_t stream(int64_t records) {
    const auto data = values(100);
    std::mt19937_64 random(11);
    rocksdb::WriteBatch batch;
    for (int64_t i = 0; i < records;) {
      batch.Clear();
      for (const int64_t end = std::min(records, i + 1000); i < end; i++) {
        const Slice k = key.at(random() % n);
        check(db->Get(read, k, &found));
        if (found.size() != 100) fail("state is lost");
        batch.Put(k, data[i % kValues]);
      }
      check(db->Write(write, &batch));
    }
    return records;
  }
  void settle() {
    check(db->Flush(rocksdb::FlushOptions()));
    for (int quiet = 0; quiet < 4;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      uint64_t pending = 0, running = 0;
      db->GetIntProperty("rocksdb.compaction-pending", &pending);
      db->GetIntProperty("rocksdb.num-running-compactions", &running);
      quiet = pending == 0 && running == 0 ? quiet + 1 : 0;
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) fail("usage: store-bench WORKLOAD DIRECTORY ENTRIES [fill]");
  const std::string workload = argv[1];
  const bool filling = argc > 4;
  const int bytes = workload.find("-4k") != std::string::npos ? 4096 : 100;
  Bench b;
  b.n = atoll(argv[3]);
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = 64 << 20;
  options.compression = rocksdb::kSnappyCompression;
  options.max_background_jobs = 2;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(256 << 20);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  check(rocksdb::DB::Open(options, argv[2], &b.db));
  if (filling) {
    b.batches(permutation(b.n, 1), 1000, bytes);
    b.settle();
    delete b.db;
    printf("{}\n");
    return 0;
  }
  // What is not timed.
  std::vector<int32_t> order;
  std::vector<int64_t> draws;
  if (workload == "readrandom-hot-4k") b.gets(6, bytes);
  if (workload == "readrandom-hot" || workload == "readrandom-hot-4k" || workload == "multiget" || workload == "seekrandom")
    b.gets(4, bytes);
  if (workload == "ycsb-a") draws = zipfian(b.n, b.n);
  else order = permutation(b.n, workload.rfind("read", 0) == 0 ? 4 : 2);
  const auto scan = [&] {
    std::unique_ptr<rocksdb::Iterator> it(b.db->NewIterator(b.read));
    int64_t count = 0;
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      // A copy of each value, as the others make.
      b.found.assign(it->value().data(), it->value().size());
      if (b.found.size() == 100) count++;
    }
    if (count != b.n) fail("scan lost entries");
    return count;
  };
  if (workload == "readseq") scan();

  int64_t units = 0;
  const auto start = std::chrono::steady_clock::now();
  if (workload == "fillseq") units = b.puts([](int64_t i) { return i; }, bytes);
  else if (workload == "fillrandom" || workload == "overwrite" || workload == "fillrandom-4k")
    units = b.puts([&](int64_t i) { return order[i]; }, bytes);
  else if (workload == "fillbatch") units = b.batches(order, 100, bytes);
  else if (workload == "fillsync") {
    b.write.sync = true;
    units = b.puts([&](int64_t i) { return order[i]; }, bytes);
  } else if (workload == "deleterandom") {
    for (const int32_t i : order) check(b.db->Delete(b.write, b.key.at(i)));
    units = b.n;
  } else if (workload == "readrandom-reopened" || workload == "readrandom-hot" || workload == "readrandom-hot-4k")
    units = b.gets(5, bytes);
  else if (workload == "readmissing") {
    for (const int32_t i : order) {
      const std::string missing = b.key.at(i).ToString() + "x";
      if (!b.db->Get(b.read, missing, &b.found).IsNotFound()) fail("found what is not there");
    }
    units = b.n;
  } else if (workload == "multiget") {
    std::vector<std::string> keys(32);
    std::vector<Slice> slices(32);
    std::vector<rocksdb::PinnableSlice> results(32);
    std::vector<rocksdb::Status> statuses(32);
    for (int64_t i = 0; i + 32 <= b.n; i += 32) {
      for (int k = 0; k < 32; k++) slices[k] = keys[k] = b.key.at(order[i + k]).ToString();
      b.db->MultiGet(b.read, b.db->DefaultColumnFamily(), 32, slices.data(), results.data(), statuses.data());
      for (int k = 0; k < 32; k++) {
        check(statuses[k]);
        results[k].Reset();
      }
    }
    units = b.n - b.n % 32;
  } else if (workload == "seekrandom") {
    units = std::max<int64_t>(10, b.n / 5);
    for (int64_t i = 0; i < units; i++) {
      std::unique_ptr<rocksdb::Iterator> it(b.db->NewIterator(b.read));
      it->Seek(b.key.at(order[i]));
      size_t size = 0;
      for (int k = 0; k < 10 && it->Valid(); k++, it->Next()) size += it->value().size();
      if (size != size_t(std::min<int64_t>(10, b.n - order[i])) * 100) fail("seek lost an entry");
    }
  } else if (workload == "readseq") units = scan();
  else if (workload == "ycsb-a") {
    const auto data = values(100);
    std::mt19937_64 random(13);
    for (int64_t i = 0; i < b.n; i++) {
      if (random() & 1) check(b.db->Get(b.read, b.key.at(draws[i]), &b.found));
      else check(b.db->Put(b.write, b.key.at(draws[i]), data[i % kValues]));
    }
    units = b.n;
  } else if (workload == "stream-100k") units = b.stream(b.n * 20);
  else if (workload == "stream-5m") units = b.stream(b.n * 2 / 5);
  else return 3;  // no such row here
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf("{\"units\":%lld,\"seconds\":%f,\"maxRssMiB\":%f}\n", (long long)units, seconds, usage.ru_maxrss / 1024.0);
  delete b.db;
  return 0;
}
