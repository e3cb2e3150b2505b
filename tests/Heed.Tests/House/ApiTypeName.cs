using System.Reflection;

namespace Heed.Tests.House;

/// <summary>Names of types as C# writes them, with the question marks of nullable references.</summary>
internal static class ApiTypeName
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(char)] = "char",
        [typeof(byte)] = "byte",
        [typeof(sbyte)] = "sbyte",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(nint)] = "nint",
        [typeof(nuint)] = "nuint",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(decimal)] = "decimal",
    };

    private static readonly NullabilityInfoContext Context = new();

    public static string Of(ParameterInfo parameter) => Of(parameter.ParameterType, Context.Create(parameter));

    public static string Of(PropertyInfo property) => Of(property.PropertyType, Context.Create(property));

    public static string Of(FieldInfo field) => Of(field.FieldType, Context.Create(field));

    public static string Of(Type type, NullabilityInfo? nullability = null)
    {
        if (type.IsByRef)
            return Of(type.GetElementType()!, nullability);
        string mark = !type.IsValueType && nullability is { ReadState: NullabilityState.Nullable } ? "?" : "";
        if (type.IsPointer)
            return Of(type.GetElementType()!) + "*";
        if (type.IsArray)
            return Of(type.GetElementType()!, nullability?.ElementType) + "[" + new string(',', type.GetArrayRank() - 1) + "]" + mark;
        if (Nullable.GetUnderlyingType(type) is { } value)
            return Of(value) + "?";
        if (type.IsGenericParameter)
            return type.Name + mark;
        if (Keywords.TryGetValue(type, out string? keyword))
            return keyword + mark;
        string name = type.Name.Split('`')[0];
        Type[] arguments = type.GetGenericArguments();
        if (arguments.Length > 0)
        {
            NullabilityInfo[]? inner = nullability?.GenericTypeArguments;
            string list = string.Join(", ", arguments.Select((each, i) => Of(each, inner?.Length > i ? inner[i] : null)));
            if (type.FullName?.StartsWith("System.ValueTuple`", StringComparison.Ordinal) == true)
                return "(" + list + ")";
            name += "<" + list + ">";
        }
        return (type is { IsNested: true, IsGenericParameter: false } ? Of(type.DeclaringType!) + "." : "") + name + mark;
    }
}
