import com.google.gson.*;
import com.google.zetasql.PreparedExpression;
import com.google.zetasql.SimpleCatalog;
import com.google.zetasql.Value;
import java.io.*;
import java.nio.charset.StandardCharsets;

/**
 * Analyzes what a program sends to BigQuery, by Google's own SQL analyzer and with the tables that
 * the program's own statements make. Reads one JSON object per line and answers each with one:
 *
 *   {"do": "run", "sql": …, "dataset": …, "isDryRun": …}  {"error": …, "statements": [{"kind", "sql", "tables", "error"}]}
 *   {"do": "load", "table": "d.t", "fields": […]}         {"error": …}
 *   {"do": "drop", "table": "d.t"}                        {}
 *   {"do": "evaluate", "sql": …}                          {"error": …, "value": …}
 */
public class Main {
  public static void main(String[] args) throws Exception {
    Language.read(args[0]);
    Tables tables = new Tables();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    Gson gson = new GsonBuilder().serializeNulls().disableHtmlEscaping().create();
    for (String line; (line = in.readLine()) != null; ) {
      JsonObject asked = JsonParser.parseString(line).getAsJsonObject();
      out.println(gson.toJson(answer(asked, tables)));
    }
  }

  static JsonObject answer(JsonObject asked, Tables tables) {
    switch (asked.get("do").getAsString()) {
      case "run": {
        Script script = new Script(tables, text(asked, "dataset"));
        Tables before = tables.copy();
        JsonObject ran = script.run(text(asked, "sql"));
        boolean isDryRun = asked.has("isDryRun") && asked.get("isDryRun").getAsBoolean();
        // A dry run changes nothing, nor does a transaction that BigQuery refuses.
        if (isDryRun || !ran.get("error").isJsonNull()) tables.restore(before);
        return ran;
      }
      case "load":
        return failing(() -> tables.load(text(asked, "table"), asked.getAsJsonArray("fields")));
      case "drop":
        return failing(() -> tables.drop(text(asked, "table")));
      case "evaluate":
        return evaluate(text(asked, "sql"));
      default:
        throw new IllegalArgumentException("unknown: " + asked);
    }
  }

  /** The value of an expression without tables, by the reference implementation, as text. */
  static JsonObject evaluate(String sql) {
    JsonObject found = new JsonObject();
    String[] value = new String[1];
    found.add("error", failing(() -> {
      SimpleCatalog catalog = Language.catalog();
      try (PreparedExpression expression = new PreparedExpression(sql)) {
        expression.prepareWithCatalog(Language.options(), catalog);
        Value result = expression.execute();
        if (result.isNull()) return;
        if (!result.getType().isString()) throw new IllegalArgumentException("no text: " + result.getType());
        value[0] = result.getStringValue();
      }
    }).get("error"));
    found.addProperty("value", value[0]);
    return found;
  }

  interface Work {
    void run() throws Exception;
  }

  static JsonObject failing(Work work) {
    JsonObject answer = new JsonObject();
    String error = null;
    try {
      work.run();
    } catch (Exception e) {
      error = e.getMessage() == null ? e.toString() : e.getMessage();
    }
    answer.addProperty("error", error);
    return answer;
  }

  static String text(JsonObject from, String name) {
    return from.get(name).getAsString();
  }
}
