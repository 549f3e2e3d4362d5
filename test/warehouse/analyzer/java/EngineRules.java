import com.google.zetasql.resolvedast.ResolvedCreateStatementEnums.CreateMode;
import com.google.zetasql.resolvedast.ResolvedCreateStatementEnums.CreateScope;
import com.google.zetasql.resolvedast.ResolvedNode;
import com.google.zetasql.resolvedast.ResolvedNodes.*;
import java.util.*;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What BigQuery's engine refuses although its analyzer accepts it, as its documentation says. */
class EngineRules {
  private static final int maxTablesOfTransaction = 100;
  private static final int maxClusterColumns = 4;
  private static final int maxColumns = 10_000;
  private static final Pattern reservedName =
    Pattern.compile("(_TABLE_|_FILE_|_PARTITION|_ROW_TIMESTAMP|__ROOT__|_COLIDENTIFIER).*", Pattern.CASE_INSENSITIVE);

  private final Tables tables;
  private final String dataset;
  boolean isInTransaction;
  private final Set<String> changed = new HashSet<>();

  EngineRules(Tables tables, String dataset) {
    this.tables = tables;
    this.dataset = dataset;
  }

  void check(ResolvedStatement statement) {
    if (statement instanceof ResolvedBeginStmt) isInTransaction = true;
    if (statement instanceof ResolvedCommitStmt || statement instanceof ResolvedRollbackStmt) isInTransaction = false;
    boolean isDdl = statement instanceof ResolvedCreateStatement || statement instanceof ResolvedAlterObjectStmt || statement instanceof ResolvedDropStmt;
    boolean isTemporary = statement instanceof ResolvedCreateStatement
      && ((ResolvedCreateStatement) statement).getCreateScope() == CreateScope.CREATE_TEMP;
    if (isDdl && !isTemporary && isInTransaction) refuse("DDL in a transaction");
    checkTransaction(statement);
    if (statement instanceof ResolvedCreateTableStmtBase) checkTable((ResolvedCreateTableStmtBase) statement);
    checkJoins(statement);
  }

  private void checkTransaction(ResolvedStatement statement) {
    ResolvedTableScan target =
      statement instanceof ResolvedDeleteStmt ? ((ResolvedDeleteStmt) statement).getTableScan()
      : statement instanceof ResolvedUpdateStmt ? ((ResolvedUpdateStmt) statement).getTableScan()
      : statement instanceof ResolvedInsertStmt ? ((ResolvedInsertStmt) statement).getTableScan()
      : statement instanceof ResolvedMergeStmt ? ((ResolvedMergeStmt) statement).getTableScan()
      : null;
    if (target == null || !isInTransaction) return;
    changed.add(target.getTable().getName().toLowerCase());
    if (changed.size() > maxTablesOfTransaction) refuse("a transaction changes more than " + maxTablesOfTransaction + " tables");
  }

  private void checkTable(ResolvedCreateTableStmtBase create) {
    if (create.getColumnDefinitionList().size() > maxColumns) refuse("more than " + maxColumns + " columns");
    if (clusters(create).size() > maxClusterColumns) refuse("more than " + maxClusterColumns + " clustering columns");
    for (ResolvedExpr partition : partitions(create)) {
      boolean isColumn = partition instanceof ResolvedColumnRef && partition.getType().isDate();
      boolean isRounded = partition instanceof ResolvedFunctionCall
        && ((ResolvedFunctionCall) partition).getFunction().getName().matches("date|(date|timestamp|datetime)_trunc|range_bucket");
      if (!isColumn && !isRounded) refuse("PARTITION BY an expression of type " + partition.getType());
    }
    Tables.Table there = tables.get(Tables.key(create.getNamePath(), dataset));
    boolean replaces = create.getCreateMode() == CreateMode.CREATE_OR_REPLACE && there != null;
    if (replaces && !there.layout.equals(layoutOf(create))) {
      refuse("Cannot replace a table with a different partitioning or clustering spec");
    }
  }

  /** Outer joins, and correlated subqueries over tables, need an equality of both sides. */
  private void checkJoins(ResolvedStatement statement) {
    statement.accept(new Visitor() {
      @Override
      public void visit(ResolvedJoinScan join) {
        boolean isInner = join.getJoinType().toString().equals("INNER");
        if (!isInner && (join.getJoinExpr() == null || !hasEquality(join.getJoinExpr()))) {
          refuse(join.getJoinType() + " JOIN cannot be used without a condition that is an equality of fields from both sides of the join");
        }
        super.visit(join);
      }

      @Override
      public void visit(ResolvedSubqueryExpr query) {
        if (!query.getParameterList().isEmpty() && !tablesIn(query.getSubquery()).isEmpty() && !filtersByEquality(query.getSubquery())) {
          refuse("Correlated subqueries that reference other tables are not supported unless they can be de-correlated");
        }
        super.visit(query);
      }
    });
  }

  private static boolean filtersByEquality(ResolvedNode query) {
    boolean[] found = new boolean[1];
    query.accept(new Visitor() {
      @Override
      public void visit(ResolvedFilterScan filter) {
        found[0] |= hasEquality(filter.getFilterExpr());
        super.visit(filter);
      }
    });
    return found[0];
  }

  private static boolean hasEquality(ResolvedExpr condition) {
    if (!(condition instanceof ResolvedFunctionCall)) return condition instanceof ResolvedLiteral;
    ResolvedFunctionCall call = (ResolvedFunctionCall) condition;
    if (call.getFunction().getName().equals("$and")) return call.getArgumentList().stream().anyMatch(EngineRules::hasEquality);
    return call.getFunction().getName().equals("$equal");
  }

  /** The tables that a statement reads or changes, each once. */
  static Set<String> tablesIn(ResolvedNode node) {
    Set<String> names = new TreeSet<>();
    node.accept(new Visitor() {
      @Override
      public void visit(ResolvedTableScan scan) {
        names.add(scan.getTable().getName());
      }
    });
    return names;
  }

  static void checkColumnName(String name) {
    if (reservedName.matcher(name).matches()) refuse("the column name " + name + " has a reserved prefix");
    if (name.length() > 300) refuse("a column name of more than 300 characters");
    if (!name.matches("[\\p{L}\\p{M}\\p{N}\\p{Pc}\\p{Pd}&%=+:'<>#| ]+")) refuse("the column name " + name + " has a character that is not allowed");
  }

  static String layoutOf(ResolvedCreateTableStmtBase create) {
    String partition = partitions(create).stream().map(EngineRules::shape).collect(Collectors.joining(", "));
    String cluster = clusters(create).stream().map(EngineRules::shape).collect(Collectors.joining(", "));
    return partition + " / " + cluster;
  }

  /** An expression without the numbers that differ from statement to statement. */
  private static String shape(ResolvedExpr expression) {
    if (expression instanceof ResolvedColumnRef) return ((ResolvedColumnRef) expression).getColumn().getName().toLowerCase();
    if (!(expression instanceof ResolvedFunctionCall)) return expression.toString();
    ResolvedFunctionCall call = (ResolvedFunctionCall) expression;
    return call.getFunction().getName() + call.getArgumentList().stream().map(EngineRules::shape).collect(Collectors.toList());
  }

  private static List<ResolvedExpr> partitions(ResolvedCreateTableStmtBase create) {
    if (create instanceof ResolvedCreateTableStmt) return ((ResolvedCreateTableStmt) create).getPartitionByList();
    if (create instanceof ResolvedCreateTableAsSelectStmt) return ((ResolvedCreateTableAsSelectStmt) create).getPartitionByList();
    return List.of();
  }

  private static List<ResolvedExpr> clusters(ResolvedCreateTableStmtBase create) {
    if (create instanceof ResolvedCreateTableStmt) return ((ResolvedCreateTableStmt) create).getClusterByList();
    if (create instanceof ResolvedCreateTableAsSelectStmt) return ((ResolvedCreateTableAsSelectStmt) create).getClusterByList();
    return List.of();
  }

  private static void refuse(String why) {
    throw new IllegalStateException(why);
  }
}
