<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>Create</name>
    <message numerus="yes">
        <source>Generate %n clip(s)</source>
        <translation>
            <numerusform>Generate %n clip</numerusform>
            <numerusform>Generate %n clips</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>DoctorPage</name>
    <message numerus="yes">
        <source>%n thing(s) stand in the way.</source>
        <translation>
            <numerusform>%n thing stands in the way.</numerusform>
            <numerusform>%n things stand in the way.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Everything works; %n thing(s) could be better.</source>
        <translation>
            <numerusform>Everything works; %n thing could be better.</numerusform>
            <numerusform>Everything works; %n things could be better.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Finder</name>
    <message numerus="yes">
        <source>%n found</source>
        <translation>
            <numerusform>%n found</numerusform>
            <numerusform>%n found</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ForecastCard</name>
    <message numerus="yes">
        <source>{0}, %n frame(s)</source>
        <translation>
            <numerusform>{0}, %n frame</numerusform>
            <numerusform>{0}, %n frames</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n frame(s)</source>
        <translation>
            <numerusform>%n frame</numerusform>
            <numerusform>%n frames</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Pictures</name>
    <message numerus="yes">
        <source>Shows what is in %n picture(s)</source>
        <translation>
            <numerusform>Shows what is in %n picture</numerusform>
            <numerusform>Shows what is in %n pictures</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Telling</name>
    <message numerus="yes">
        <source>%n clip(s) were interrupted and can go on.</source>
        <translation>
            <numerusform>%n clip was interrupted and can go on.</numerusform>
            <numerusform>%n clips were interrupted and can go on.</numerusform>
        </translation>
    </message>
</context>
</TS>
