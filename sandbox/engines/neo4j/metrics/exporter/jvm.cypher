// Beans of the JVM with what is shown of each; what a bean lacks is null.
UNWIND [
  'java.lang:type=Memory',
  'java.lang:type=Threading',
  'java.lang:type=OperatingSystem',
  'java.lang:type=GarbageCollector,*',
  'java.nio:type=BufferPool,*'
] AS pattern
CALL dbms.queryJmx(pattern) YIELD name, attributes
RETURN
  name,
  attributes.Name.value AS short_name,
  attributes.HeapMemoryUsage.value.properties AS heap,
  attributes.NonHeapMemoryUsage.value.properties AS nonheap,
  attributes.ThreadCount.value AS threads,
  attributes.DaemonThreadCount.value AS daemon_threads,
  attributes.ProcessCpuTime.value AS cpu_nanoseconds,
  attributes.OpenFileDescriptorCount.value AS open_files,
  attributes.MaxFileDescriptorCount.value AS files_max,
  attributes.CollectionCount.value AS collections,
  attributes.CollectionTime.value AS collection_milliseconds,
  CASE WHEN pattern STARTS WITH 'java.nio' THEN attributes.MemoryUsed.value END AS buffer_bytes
