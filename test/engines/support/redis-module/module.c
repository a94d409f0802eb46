/* A module with a type of its own: `tm.set KEY NUMBER`, `tm.get KEY`. It declares what it uses of the API of modules. */
#include <stdint.h>
#include <stdlib.h>

typedef struct Context Context;
typedef struct Text Text;
typedef struct Key Key;
typedef struct Type Type;
typedef struct File File;
typedef int (*Command)(Context *, Text **, int);

typedef struct {
  uint64_t version;
  void *(*load)(File *, int);
  void (*save)(File *, void *);
  void (*rewrite)(File *, Text *, void *);
  size_t (*usage)(const void *);
  void (*digest)(void *, void *);
  void (*release)(void *);
} Methods;

static int (*get_api)(const char *, void *);
static int (*set_attributes)(Context *, const char *, int, int);
static int (*create_command)(Context *, const char *, Command, const char *, int, int, int);
static Type *(*create_type)(Context *, const char *, int, Methods *);
static Key *(*open_key)(Context *, Text *, int);
static void (*close_key)(Key *);
static int (*set_value)(Key *, Type *, void *);
static void *(*get_value)(Key *);
static int (*to_number)(const Text *, long long *);
static int (*reply)(Context *, long long);
static int (*replicate)(Context *);
static void (*save_number)(File *, uint64_t);
static uint64_t (*load_number)(File *);

static Type *type;

static void *load(File *file, int version) {
  (void)version;
  uint64_t *value = malloc(sizeof *value);
  *value = load_number(file);
  return value;
}

static void save(File *file, void *value) { save_number(file, *(uint64_t *)value); }

static int set(Context *context, Text **words, int count) {
  long long number;
  if (count != 3 || to_number(words[2], &number) != 0) return reply(context, -1);
  uint64_t *value = malloc(sizeof *value);
  *value = (uint64_t)number;
  Key *key = open_key(context, words[1], 3);
  set_value(key, type, value);
  close_key(key);
  replicate(context);
  return reply(context, 1);
}

static int get(Context *context, Text **words, int count) {
  (void)count;
  Key *key = open_key(context, words[1], 1);
  uint64_t *value = key == NULL ? NULL : get_value(key);
  int result = reply(context, value == NULL ? -1 : (long long)*value);
  if (key != NULL) close_key(key);
  return result;
}

int RedisModule_OnLoad(Context *context, Text **words, int count) {
  (void)words;
  (void)count;
  get_api = (int (*)(const char *, void *))((void **)context)[0];
  get_api("RedisModule_SetModuleAttribs", &set_attributes);
  get_api("RedisModule_CreateCommand", &create_command);
  get_api("RedisModule_CreateDataType", &create_type);
  get_api("RedisModule_OpenKey", &open_key);
  get_api("RedisModule_CloseKey", &close_key);
  get_api("RedisModule_ModuleTypeSetValue", &set_value);
  get_api("RedisModule_ModuleTypeGetValue", &get_value);
  get_api("RedisModule_StringToLongLong", &to_number);
  get_api("RedisModule_ReplyWithLongLong", &reply);
  get_api("RedisModule_ReplicateVerbatim", &replicate);
  get_api("RedisModule_SaveUnsigned", &save_number);
  get_api("RedisModule_LoadUnsigned", &load_number);
  set_attributes(context, "testmodule", 1, 1);
  Methods methods = {1, load, save, NULL, NULL, NULL, free};
  type = create_type(context, "test-type", 0, &methods);
  if (type == NULL) return 1;
  create_command(context, "tm.set", set, "write", 1, 1, 1);
  create_command(context, "tm.get", get, "readonly", 1, 1, 1);
  return 0;
}
