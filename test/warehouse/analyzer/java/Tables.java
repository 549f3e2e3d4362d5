import com.google.gson.*;
import com.google.zetasql.*;
import com.google.zetasql.ZetaSQLType.TypeKind;
import com.google.zetasql.resolvedast.ResolvedCreateStatementEnums.CreateMode;
import com.google.zetasql.resolvedast.ResolvedNodes.*;
import java.util.*;

/** The tables and views that statements and load jobs made, by "dataset.table" in lower case. */
class Tables {
  static class Table {
    final Map<String, Type> columns = new LinkedHashMap<>();
    boolean isView;
    /** How it is partitioned and clustered, as BigQuery compares it. */
    String layout = "";

    Table copy() {
      Table copy = new Table();
      copy.columns.putAll(columns);
      copy.isView = isView;
      copy.layout = layout;
      return copy;
    }

    String nameOf(String column) {
      return columns.keySet().stream().filter(column::equalsIgnoreCase).findAny().orElse(null);
    }

    void add(String column, Type type) {
      if (nameOf(column) != null) throw new IllegalStateException("column " + column + " exists already");
      EngineRules.checkColumnName(column);
      columns.put(column, type);
    }
  }

  private final Map<String, Table> all = new HashMap<>();
  private final List<String> inCatalog = new ArrayList<>();
  private Map<String, Table> registered;

  Tables copy() {
    Tables copy = new Tables();
    copy.all.putAll(all);
    return copy;
  }

  void restore(Tables before) {
    all.clear();
    all.putAll(before.all);
  }

  Table get(String key) {
    return all.get(key);
  }

  /**
   * The functions and all tables, with and without the name of their dataset. Registered, so that
   * it is sent to the analyzer again only if tables have changed.
   */
  SimpleCatalog catalog() {
    SimpleCatalog catalog = Language.catalog();
    if (all.equals(registered)) return catalog;
    if (catalog.isRegistered()) catalog.unregister();
    inCatalog.forEach(catalog::removeSimpleTable);
    inCatalog.clear();
    all.forEach((key, table) -> {
      List<SimpleColumn> columns = new ArrayList<>();
      table.columns.forEach((column, type) -> columns.add(new SimpleColumn(key, column, type)));
      for (String name : List.of(key, key.replaceFirst("^[^.]*\\.", ""))) {
        catalog.addSimpleTable(name, new SimpleTable(name, columns));
        inCatalog.add(name);
      }
    });
    catalog.register();
    registered = new HashMap<>(all);
    return catalog;
  }

  static String key(List<String> path, String dataset) {
    String name = String.join(".", path).toLowerCase();
    return name.contains(".") ? name : dataset.toLowerCase() + "." + name;
  }

  void load(String name, JsonArray fields) {
    Table table = new Table();
    for (JsonElement each : fields) {
      JsonObject field = each.getAsJsonObject();
      Type type = TypeFactory.createSimpleType(kindOf(Main.text(field, "type")));
      boolean isList = field.has("mode") && Main.text(field, "mode").equals("REPEATED");
      table.add(Main.text(field, "name"), isList ? TypeFactory.createArrayType(type) : type);
    }
    all.put(name.toLowerCase(), table);
  }

  void drop(String name) {
    if (all.remove(name.toLowerCase()) == null) throw new IllegalStateException("no table " + name);
  }

  private static TypeKind kindOf(String type) {
    switch (type) {
      case "INTEGER": return TypeKind.TYPE_INT64;
      case "FLOAT64": case "FLOAT": return TypeKind.TYPE_DOUBLE;
      case "BOOLEAN": return TypeKind.TYPE_BOOL;
      default: return TypeKind.valueOf("TYPE_" + type);
    }
  }

  /** What a statement does to tables. */
  void apply(ResolvedStatement statement, String dataset) {
    if (statement instanceof ResolvedCreateTableStmtBase) create((ResolvedCreateTableStmtBase) statement, dataset);
    else if (statement instanceof ResolvedCreateViewStmt) createView((ResolvedCreateViewStmt) statement, dataset);
    else if (statement instanceof ResolvedDropStmt) drop((ResolvedDropStmt) statement, dataset);
    else if (statement instanceof ResolvedAlterTableStmt) alter((ResolvedAlterTableStmt) statement, dataset);
  }

  private void create(ResolvedCreateTableStmtBase create, String dataset) {
    String key = key(create.getNamePath(), dataset);
    if (all.containsKey(key) && create.getCreateMode() == CreateMode.CREATE_IF_NOT_EXISTS) return;
    if (all.containsKey(key) && create.getCreateMode() == CreateMode.CREATE_DEFAULT) throw new IllegalStateException(key + " exists already");
    Table table = new Table();
    for (ResolvedColumnDefinition column : create.getColumnDefinitionList()) table.add(column.getName(), column.getType());
    if (table.columns.isEmpty()) {
      for (String source : EngineRules.tablesIn(create)) table = all.get(key(List.of(source), dataset)).copy();
    } else {
      table.layout = EngineRules.layoutOf(create);
    }
    all.put(key, table);
  }

  private void createView(ResolvedCreateViewStmt create, String dataset) {
    Table view = new Table();
    view.isView = true;
    for (ResolvedOutputColumn column : create.getOutputColumnList()) view.add(column.getName(), column.getColumn().getType());
    String key = key(create.getNamePath(), dataset);
    Table there = all.get(key);
    if (there != null && !there.isView) throw new IllegalStateException(key + " is a table, not a view");
    all.put(key, view);
  }

  private void drop(ResolvedDropStmt drop, String dataset) {
    String key = key(drop.getNamePath(), dataset);
    Table there = all.get(key);
    if (there == null && !drop.getIsIfExists()) throw new IllegalStateException("no table " + key);
    if (there != null && there.isView != drop.getObjectType().equalsIgnoreCase("VIEW")) {
      throw new IllegalStateException(key + " is no " + drop.getObjectType());
    }
    all.remove(key);
  }

  private void alter(ResolvedAlterTableStmt alter, String dataset) {
    String key = key(alter.getNamePath(), dataset);
    String to = key;
    Table table = all.get(key).copy();
    for (ResolvedAlterAction action : alter.getAlterActionList()) {
      if (action instanceof ResolvedAddColumnAction) {
        ResolvedAddColumnAction add = (ResolvedAddColumnAction) action;
        ResolvedColumnDefinition column = add.getColumnDefinition();
        if (!add.getIsIfNotExists() || table.nameOf(column.getName()) == null) table.add(column.getName(), column.getType());
      } else if (action instanceof ResolvedAlterColumnSetDataTypeAction) {
        ResolvedAlterColumnSetDataTypeAction set = (ResolvedAlterColumnSetDataTypeAction) action;
        table.columns.put(table.nameOf(set.getColumn()), set.getUpdatedType());
      } else if (action instanceof ResolvedDropColumnAction) {
        table.columns.remove(table.nameOf(((ResolvedDropColumnAction) action).getName()));
      } else if (action instanceof ResolvedRenameToAction) {
        List<String> path = ((ResolvedRenameToAction) action).getNewPath();
        to = key.replaceAll("\\..*", "") + "." + String.join(".", path).toLowerCase();
        if (all.containsKey(to)) throw new IllegalStateException(to + " exists already");
      } else if (!(action instanceof ResolvedSetOptionsAction)) {
        throw new IllegalStateException("not an action that this test knows: " + action.getClass().getSimpleName());
      }
    }
    all.remove(key);
    all.put(to, table);
  }
}
