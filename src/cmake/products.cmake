# What is built from the rooms and installed: four libraries and the command.
#
#   gasp::gasp     base to session and the memory store; libsecp256k1, libcrypto, libbloom
#   gasp::leveldb  the LevelDB store
#   gasp::json     JSON forms; jansson
#   gasp::node     loop, transports, a running process; libuv
#
# Static by default, shared with BUILD_SHARED_LIBS. Only what include/gasp declares is visible in a shared library, so
# each further product takes its own hidden copy of the lower rooms that it uses: they hold no state.

# Counts changes of the binary interface; the package version counts releases.
set(GASP_SOVERSION 0)

set(GASP_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/gasp)
set(GASP_PKGCONFIG_DIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH GASP_PKGCONFIG_TO_PREFIX /${GASP_PKGCONFIG_DIR} /)

# gasp_pkg_config(NAME): NAME.pc. A static library names all that it stands on, because nothing else would link it.
function(gasp_pkg_config name)
  cmake_parse_arguments(arg "" "DESCRIPTION" "NEEDS;PC_REQUIRES;PC_LIBS" ${ARGN})
  string(JOIN " " needs ${arg_NEEDS})
  string(JOIN " " requires ${arg_PC_REQUIRES})
  string(JOIN " " libs ${arg_PC_LIBS})
  set(pc_name ${name})
  set(pc_description ${arg_DESCRIPTION})
  if(BUILD_SHARED_LIBS)
    set(pc_requires ${needs})
    set(pc_requires_private ${requires})
    set(pc_libs_private ${libs})
  else()
    string(STRIP "${needs} ${requires}" pc_requires)
    set(pc_libs ${libs})
  endif()
  configure_file(${PROJECT_SOURCE_DIR}/src/cmake/product.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${GASP_PKGCONFIG_DIR})
endfunction()

# gasp_product(NAME EXPORT target ROOMS ... COPIES ... NEEDS ... HEADERS ... LIBS ... PC_REQUIRES ... PC_LIBS ...):
# library NAME, gasp::<target>, of the objects of ROOMS; COPIES are the lower rooms that it holds hidden when shared.
# A product of which no room is there yet is left out.
function(gasp_product name)
  cmake_parse_arguments(arg "" "EXPORT;DESCRIPTION" "ROOMS;COPIES;NEEDS;HEADERS;LIBS;PC_REQUIRES;PC_LIBS" ${ARGN})
  set(objects "")
  foreach(room ${arg_ROOMS})
    if(TARGET gasp_room_${room})
      list(APPEND objects $<TARGET_OBJECTS:gasp_room_${room}>)
    endif()
  endforeach()
  if(objects STREQUAL "")
    return()
  endif()

  add_library(${name} ${objects})
  add_library(gasp::${arg_EXPORT} ALIAS ${name})
  set_target_properties(${name} PROPERTIES EXPORT_NAME ${arg_EXPORT} LINKER_LANGUAGE C
    SOVERSION ${GASP_SOVERSION} VERSION ${GASP_SOVERSION}.0.0)
  target_compile_features(${name} PUBLIC c_std_11)
  target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/include FILES ${arg_HEADERS})
  target_link_libraries(${name} PUBLIC ${arg_NEEDS} PRIVATE ${arg_LIBS})
  if(BUILD_SHARED_LIBS)
    target_link_options(${name} PRIVATE -Wl,--no-undefined -Wl,--exclude-libs,ALL)
    if(GASP_SANITIZE)
      target_link_options(${name} PRIVATE -fsanitize=${GASP_SANITIZE})
    endif()
    foreach(room ${arg_COPIES})
      if(TARGET gasp_room_${room})
        if(NOT TARGET gasp_copy_${room})
          add_library(gasp_copy_${room} STATIC $<TARGET_OBJECTS:gasp_room_${room}>)
          set_target_properties(gasp_copy_${room} PROPERTIES LINKER_LANGUAGE C)
        endif()
        target_link_libraries(${name} PRIVATE gasp_copy_${room})
      endif()
    endforeach()
  endif()

  install(TARGETS ${name} EXPORT ${name}-targets FILE_SET HEADERS)
  install(EXPORT ${name}-targets NAMESPACE gasp:: DESTINATION ${GASP_PACKAGE_DIR})
  gasp_pkg_config(${name} DESCRIPTION "${arg_DESCRIPTION}" NEEDS ${arg_NEEDS}
    PC_REQUIRES ${arg_PC_REQUIRES} PC_LIBS ${arg_PC_LIBS})
endfunction()

# Headers of the further products stand in the list of their product, all others belong to gasp::gasp.
file(GLOB gasp_headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/gasp/*.h)
foreach(part leveldb json node)
  file(GLOB gasp_${part}_headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/gasp/${part}.h)
  list(REMOVE_ITEM gasp_headers ${gasp_${part}_headers})
endforeach()

gasp_product(gasp EXPORT gasp
  DESCRIPTION "${PROJECT_DESCRIPTION}"
  ROOMS base crypto chain script spv record set store wallet session
  HEADERS ${gasp_headers}
  LIBS OpenSSL::Crypto PkgConfig::secp256k1 Bloom::Bloom Threads::Threads
  PC_REQUIRES libcrypto libsecp256k1 PC_LIBS -lbloom -pthread)
gasp_product(gasp-leveldb EXPORT leveldb
  DESCRIPTION "LevelDB store of libgasp"
  ROOMS store_leveldb COPIES base NEEDS gasp
  HEADERS ${gasp_leveldb_headers}
  LIBS LevelDB::LevelDB PC_LIBS -lleveldb)
gasp_product(gasp-json EXPORT json
  DESCRIPTION "JSON forms of libgasp"
  ROOMS json COPIES base NEEDS gasp
  HEADERS ${gasp_json_headers}
  LIBS PkgConfig::jansson PC_REQUIRES jansson)
gasp_product(gasp-node EXPORT node
  DESCRIPTION "Transports and running process of libgasp"
  ROOMS net node COPIES base NEEDS gasp
  HEADERS ${gasp_node_headers}
  LIBS PkgConfig::uv Threads::Threads PC_REQUIRES libuv PC_LIBS -pthread)

if(TARGET gasp_room_cli)
  add_executable(gasp_command $<TARGET_OBJECTS:gasp_room_cli>)
  set_target_properties(gasp_command PROPERTIES OUTPUT_NAME gasp LINKER_LANGUAGE C
    INSTALL_RPATH $<$<BOOL:${BUILD_SHARED_LIBS}>:$ORIGIN/../${CMAKE_INSTALL_LIBDIR}>)
  target_link_libraries(gasp_command PRIVATE gasp_flags)
  foreach(product gasp-node gasp-json gasp-leveldb gasp)
    if(TARGET ${product})
      target_link_libraries(gasp_command PRIVATE ${product})
    endif()
  endforeach()
  target_link_libraries(gasp_command PRIVATE PkgConfig::jansson)
  install(TARGETS gasp_command)
endif()

configure_package_config_file(${PROJECT_SOURCE_DIR}/src/cmake/gasp-config.cmake.in
  ${PROJECT_BINARY_DIR}/gasp-config.cmake INSTALL_DESTINATION ${GASP_PACKAGE_DIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/gasp-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/gasp-config.cmake ${PROJECT_BINARY_DIR}/gasp-config-version.cmake
  ${PROJECT_SOURCE_DIR}/src/cmake/FindBloom.cmake ${PROJECT_SOURCE_DIR}/src/cmake/FindLevelDB.cmake
  DESTINATION ${GASP_PACKAGE_DIR})
