# LevelDB::LevelDB, which ships neither a pkg-config nor a CMake file in Debian 12. Only its C interface is used. Installed
# with the package configuration, so that consumers of a static gasp::leveldb find it the same way.

find_library(LEVELDB_LIBRARY leveldb)
find_path(LEVELDB_INCLUDE_DIR leveldb/c.h)
mark_as_advanced(LEVELDB_LIBRARY LEVELDB_INCLUDE_DIR)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LevelDB REQUIRED_VARS LEVELDB_LIBRARY LEVELDB_INCLUDE_DIR)

if(LevelDB_FOUND AND NOT TARGET LevelDB::LevelDB)
  add_library(LevelDB::LevelDB INTERFACE IMPORTED)
  target_link_libraries(LevelDB::LevelDB INTERFACE ${LEVELDB_LIBRARY})
  target_include_directories(LevelDB::LevelDB INTERFACE ${LEVELDB_INCLUDE_DIR})
endif()
