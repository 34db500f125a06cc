# Bloom::Bloom from libbloom, which ships neither a pkg-config nor a CMake file in Debian 12. Installed with the package
# configuration, so that consumers of a static gasp find it the same way.

find_library(BLOOM_LIBRARY bloom)
find_path(BLOOM_INCLUDE_DIR bloom.h)
mark_as_advanced(BLOOM_LIBRARY BLOOM_INCLUDE_DIR)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Bloom REQUIRED_VARS BLOOM_LIBRARY BLOOM_INCLUDE_DIR)

if(Bloom_FOUND AND NOT TARGET Bloom::Bloom)
  add_library(Bloom::Bloom INTERFACE IMPORTED)
  target_link_libraries(Bloom::Bloom INTERFACE ${BLOOM_LIBRARY})
  target_include_directories(Bloom::Bloom INTERFACE ${BLOOM_INCLUDE_DIR})
endif()
