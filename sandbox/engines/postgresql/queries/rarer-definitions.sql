-- One line for the definition of each thing that a fingerprint knows by its name alone. Numbers below 16384 came with the server;
-- those of what people have made are another one in each copy, so that there are names alone.
SELECT format('aggregate %s by %s on %s from %s finally %s order %s', aggfnoid::regprocedure, aggtransfn::regprocedure,
    format_type(aggtranstype, NULL), agginitval, aggfinalfn::regprocedure, aggsortop::regoperator) AS line
FROM pg_aggregate WHERE aggfnoid::oid >= 16384
UNION ALL
SELECT format('text search configuration %s maps %s to %s at %s', mapcfg::regconfig, maptokentype, mapdict::regdictionary, mapseqno)
FROM pg_ts_config_map WHERE mapcfg >= 16384
UNION ALL
SELECT format('dictionary %s of %s: %s', d.oid::regdictionary, t.tmplname, d.dictinitoption)
FROM pg_ts_dict d JOIN pg_ts_template t ON t.oid = d.dicttemplate WHERE d.oid >= 16384
UNION ALL
SELECT format('cast from %s to %s by %s %s %s', castsource::regtype, casttarget::regtype, castfunc::regprocedure, castcontext, castmethod)
FROM pg_cast WHERE oid >= 16384
UNION ALL
SELECT format('operator %s by %s of %s and %s, merges %s, hashes %s', oid::regoperator, oprcode, oprcom::regoperator, oprnegate::regoperator,
    oprcanmerge, oprcanhash)
FROM pg_operator WHERE oid >= 16384
UNION ALL
SELECT format('collation %s %s %s %s %s %s', oid::regcollation, collprovider, collisdeterministic, collcollate, collctype, colllocale)
FROM pg_collation WHERE oid >= 16384
UNION ALL
SELECT format('server %s version %s options %s', srvname, srvversion, srvoptions) FROM pg_foreign_server
UNION ALL
SELECT format('user mapping of %s for %s options %s', srvname, usename, umoptions) FROM pg_user_mappings
UNION ALL
SELECT format('foreign table %s of %s options %s', ftrelid::regclass, s.srvname, ftoptions)
FROM pg_foreign_table JOIN pg_foreign_server s ON s.oid = ftserver
UNION ALL
SELECT format('column %s.%s of a foreign table options %s', attrelid::regclass, attname, attfdwoptions)
FROM pg_attribute WHERE attfdwoptions IS NOT NULL
UNION ALL
SELECT format('partitions of %s by %s', partrelid::regclass, pg_get_partkeydef(partrelid)) FROM pg_partitioned_table
