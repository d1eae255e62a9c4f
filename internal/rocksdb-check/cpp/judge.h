// What the programs that write databases for `npm run check:rocksdb` have in common: hashes of contents and descriptions in JSON.
#pragma once
#include <algorithm>
#include <cstdio>
#include <string>

#include <openssl/evp.h>

#include "rocksdb/db.h"

/** What cannot be made: an option, or two, that do not go together. */
struct Refused {
  std::string why;
};

inline void need(const rocksdb::Status& status, const std::string& what) {
  if (!status.ok()) throw Refused{what + ": " + status.ToString()};
}

inline std::string json(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (static_cast<unsigned char>(c) < 32) {
      char code[8];
      snprintf(code, sizeof code, "\\u%04x", c);
      out += code;
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

inline std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

/** SHA-256 over parts, each after its length as fixed32. */
class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(context_, EVP_sha256(), nullptr); }
  ~Sha256() { EVP_MD_CTX_free(context_); }
  void part(const rocksdb::Slice& bytes) {
    uint32_t n = static_cast<uint32_t>(bytes.size());
    unsigned char length[4] = {static_cast<unsigned char>(n), static_cast<unsigned char>(n >> 8), static_cast<unsigned char>(n >> 16),
                               static_cast<unsigned char>(n >> 24)};
    EVP_DigestUpdate(context_, length, 4);
    EVP_DigestUpdate(context_, bytes.data(), bytes.size());
  }
  std::string hex() {
    unsigned char digest[32];
    unsigned int size = 0;
    EVP_DigestFinal_ex(context_, digest, &size);
    return lower(rocksdb::Slice(reinterpret_cast<char*>(digest), 32).ToString(true));
  }

 private:
  EVP_MD_CTX* context_;
};

/** Number of the pairs of a family and their hash, as descriptions have them. */
inline std::string content(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* handle) {
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  std::unique_ptr<rocksdb::Iterator> iterator(db->NewIterator(options, handle));
  Sha256 hash;
  size_t count = 0;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next(), count++) {
    hash.part(iterator->key());
    hash.part(iterator->value());
  }
  need(iterator->status(), "iterate");
  return "{\"count\": " + std::to_string(count) + ", \"sha256\": " + json(hash.hex()) + "}";
}
