import com.google.gson.*;
import com.google.zetasql.*;
import com.google.zetasql.parser.ASTNode;
import com.google.zetasql.parser.ASTNodes.*;
import com.google.zetasql.resolvedast.ResolvedNode;
import com.google.zetasql.resolvedast.ResolvedNodes.*;
import java.nio.charset.StandardCharsets;
import java.util.*;

/** Takes a script apart and analyzes each statement and each condition in it. */
class Script {
  private final Tables tables;
  private final String dataset;
  private final EngineRules rules;
  private final JsonArray statements = new JsonArray();
  private byte[] bytes;

  Script(Tables tables, String dataset) {
    this.tables = tables;
    this.dataset = dataset;
    this.rules = new EngineRules(tables, dataset);
  }

  /** The statements with what is wrong with them, and the first error of all. */
  JsonObject run(String sql) {
    bytes = sql.getBytes(StandardCharsets.UTF_8);
    JsonElement error = Main.failing(() ->
      walk(Parser.parseScript(sql, Language.get()).getStatementListNode())).get("error");
    for (JsonElement each : statements) {
      if (error.isJsonNull()) error = each.getAsJsonObject().get("error");
    }
    JsonObject ran = new JsonObject();
    ran.add("error", error);
    ran.add("statements", statements);
    return ran;
  }

  private void walk(ASTStatementList list) {
    if (list != null) list.getStatementList().forEach(this::walk);
  }

  private void walk(ASTStatement statement) {
    if (statement instanceof ASTIfStatement) {
      ASTIfStatement branches = (ASTIfStatement) statement;
      condition(branches.getCondition());
      boolean isInTransaction = rules.isInTransaction;
      walk(branches.getThenList());
      if (branches.getElseifClauses() != null) {
        for (ASTElseifClause clause : branches.getElseifClauses().getElseifClauses()) {
          condition(clause.getCondition());
          rules.isInTransaction = isInTransaction;
          walk(clause.getBody());
        }
      }
      rules.isInTransaction = isInTransaction;
      walk(branches.getElseList());
    } else if (statement instanceof ASTScriptStatement) {
      throw new IllegalStateException("not a statement that this test knows: " + textOf(statement));
    } else {
      statement(textOf(statement));
    }
  }

  private void condition(ASTNode node) {
    String sql = textOf(node);
    note("condition", sql, () -> {
      ResolvedExpr expression = Analyzer.analyzeExpression(sql, Language.options(), tables.catalog());
      if (!expression.getType().isBool()) throw new IllegalStateException("a condition of type " + expression.getType());
      return expression;
    });
  }

  private void statement(String sql) {
    note("statement", sql, () -> {
      ResolvedStatement resolved = Analyzer.analyzeStatement(sql, Language.options(), tables.catalog());
      rules.check(resolved);
      tables.apply(resolved, dataset);
      return resolved;
    });
  }

  interface Analysis {
    ResolvedNode get() throws Exception;
  }

  private void note(String kind, String sql, Analysis analysis) {
    ResolvedNode[] found = new ResolvedNode[1];
    JsonObject noted = Main.failing(() -> found[0] = analysis.get());
    boolean isStatement = found[0] instanceof ResolvedStatement;
    noted.addProperty("kind", isStatement ? found[0].getClass().getSimpleName().replaceAll("^Resolved|Stmt$", "") : kind);
    noted.addProperty("sql", sql);
    JsonArray names = new JsonArray();
    if (found[0] != null) EngineRules.tablesIn(found[0]).forEach(names::add);
    noted.add("tables", names);
    statements.add(noted);
  }

  private String textOf(ASTNode node) {
    ParseLocationRange range = node.getParseLocationRange();
    return new String(bytes, range.start(), range.end() - range.start(), StandardCharsets.UTF_8);
  }
}
