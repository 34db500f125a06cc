# What the project stands on, all from Debian by apt: one target each. Included at the top, so that every folder sees them.

list(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
pkg_check_modules(secp256k1 REQUIRED IMPORTED_TARGET libsecp256k1)
pkg_check_modules(uv REQUIRED IMPORTED_TARGET libuv)
pkg_check_modules(jansson REQUIRED IMPORTED_TARGET jansson)
find_package(Bloom REQUIRED)
find_package(LevelDB REQUIRED)

# The names under which rooms and tests link the two that have no pkg-config file.
add_library(bloom_dependency INTERFACE)
target_link_libraries(bloom_dependency INTERFACE Bloom::Bloom)
add_library(leveldb_dependency INTERFACE)
target_link_libraries(leveldb_dependency INTERFACE LevelDB::LevelDB)

if(BUILD_TESTING)
  pkg_check_modules(cmocka REQUIRED IMPORTED_TARGET cmocka)
endif()
