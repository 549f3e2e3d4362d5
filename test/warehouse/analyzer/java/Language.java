import com.google.common.collect.ImmutableList;
import com.google.zetasql.*;
import com.google.zetasql.ZetaSQLFunctions.FunctionEnums.Mode;
import com.google.zetasql.ZetaSQLFunctions.SignatureArgumentKind;
import com.google.zetasql.ZetaSQLOptions.*;
import com.google.zetasql.ZetaSQLType.TypeKind;
import java.nio.file.*;
import java.util.*;

/** BigQuery's dialect: which parts of the language it has, and what it has beyond the analyzer. */
class Language {
  private static LanguageOptions language;
  private static SimpleCatalog catalog;

  /** Reads the names of features and statements. A name that the analyzer lacks is an error. */
  static void read(String file) throws Exception {
    language = new LanguageOptions();
    language.setNameResolutionMode(NameResolutionMode.NAME_RESOLUTION_DEFAULT);
    language.setProductMode(ProductMode.PRODUCT_EXTERNAL);
    Set<LanguageFeature> features = new HashSet<>();
    Set<ZetaSQLResolvedNodeKind.ResolvedNodeKind> statements = new HashSet<>();
    for (String line : Files.readAllLines(Paths.get(file))) {
      String name = line.strip();
      if (name.isEmpty() || name.startsWith("#")) continue;
      if (name.startsWith("RESOLVED_")) statements.add(ZetaSQLResolvedNodeKind.ResolvedNodeKind.valueOf(name));
      else features.add(feature(name));
    }
    language.setEnabledLanguageFeatures(features);
    language.setSupportedStatementKinds(statements);
    language.enableReservableKeyword("QUALIFY");
    catalog = new SimpleCatalog("bigquery");
    catalog.addZetaSQLFunctionsAndTypes(new ZetaSQLBuiltinFunctionOptions(language));
    for (String name : List.of("MAX_BY", "MIN_BY")) catalog.addFunction(valueOfExtreme(name));
    for (String name : List.of("INT", "SMALLINT", "INTEGER", "BIGINT", "TINYINT", "BYTEINT")) {
      catalog.addType(name, TypeFactory.createSimpleType(TypeKind.TYPE_INT64));
    }
  }

  /** Later releases of the analyzer leave the version out of a name. */
  private static LanguageFeature feature(String name) {
    try {
      return LanguageFeature.valueOf(name);
    } catch (IllegalArgumentException e) {
      return LanguageFeature.valueOf(name.replaceFirst("^FEATURE_V_\\d_\\d_", "FEATURE_"));
    }
  }

  static LanguageOptions get() {
    return language;
  }

  static AnalyzerOptions options() {
    AnalyzerOptions options = new AnalyzerOptions();
    options.setLanguageOptions(language);
    options.setPruneUnusedColumns(false);
    options.setDefaultTimezone("UTC");
    return options;
  }

  /** Functions and types. Making them takes longer than an analysis, so all share one catalog. */
  static SimpleCatalog catalog() {
    return catalog;
  }

  /** BigQuery documents MAX_BY and MIN_BY; the open-source analyzer lacks them. */
  private static Function valueOfExtreme(String name) {
    FunctionArgumentType value = new FunctionArgumentType(SignatureArgumentKind.ARG_TYPE_ANY_1);
    FunctionArgumentType by = new FunctionArgumentType(SignatureArgumentKind.ARG_TYPE_ANY_2);
    FunctionSignature signature = new FunctionSignature(value, ImmutableList.of(value, by), -1);
    return new Function(name, "BigQuery", Mode.AGGREGATE, ImmutableList.of(signature));
  }
}
