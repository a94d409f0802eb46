// Where the workloads of drills work. Lists and registers are there before: MERGE without a constraint may make two.
MATCH (n) WHERE n:DrillSet OR n:DrillList OR n:DrillRegister OR n:DrillAccount DETACH DELETE n;
UNWIND range(0, $keys - 1) AS key CREATE (:DrillList {key: key, list: []}), (:DrillRegister {key: key});
UNWIND range(0, $accounts - 1) AS account CREATE (:DrillAccount {account: account, balance: $balance});
