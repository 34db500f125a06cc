# What the project stands on, all from Debian by apt: one target each. Included at the top, so that every folder sees them.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
pkg_check_modules(secp256k1 REQUIRED IMPORTED_TARGET libsecp256k1)
pkg_check_modules(uv REQUIRED IMPORTED_TARGET libuv)
pkg_check_modules(jansson REQUIRED IMPORTED_TARGET jansson)

# libbloom and LevelDB ship no pkg-config file in Debian 12.
find_library(BLOOM_LIBRARY bloom REQUIRED)
find_path(BLOOM_INCLUDE_DIR bloom.h REQUIRED)
add_library(bloom_dependency INTERFACE)
target_link_libraries(bloom_dependency INTERFACE ${BLOOM_LIBRARY})
target_include_directories(bloom_dependency INTERFACE ${BLOOM_INCLUDE_DIR})
find_library(LEVELDB_LIBRARY leveldb REQUIRED)
find_path(LEVELDB_INCLUDE_DIR leveldb/c.h REQUIRED)
add_library(leveldb_dependency INTERFACE)
target_link_libraries(leveldb_dependency INTERFACE ${LEVELDB_LIBRARY})
target_include_directories(leveldb_dependency INTERFACE ${LEVELDB_INCLUDE_DIR})

if(BUILD_TESTING)
  pkg_check_modules(cmocka REQUIRED IMPORTED_TARGET cmocka)
endif()
